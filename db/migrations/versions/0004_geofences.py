"""The fences that a tenant watches, what happened at them, and who is inside."""

import geoalchemy2
import sqlalchemy as sa
from alembic import op

from db.migrations import protection

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "geofence",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="zone", nullable=False),
        sa.Column(
            "geom",
            geoalchemy2.types.Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('depot', 'customer', 'patrol_site', 'parking', 'stand', 'zone', 'other')",
            name=op.f("ck_geofence_kind"),
        ),
        sa.CheckConstraint("ST_IsValid(geom) AND NOT ST_IsEmpty(geom)", name=op.f("ck_geofence_geom")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_geofence_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_geofence")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_geofence_tenant_id_name")),
    )
    op.create_index("ix_geofence_geom", "geofence", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "geofence_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("geofence_id", sa.Uuid(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="of the fix that crossed"),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a fact of receipt"),
        sa.CheckConstraint("kind IN ('entered', 'exited')", name=op.f("ck_geofence_event_kind")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_geofence_event_tenant_id_device_id_device"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "geofence_id"],
            ["geofence.tenant_id", "geofence.id"],
            name=op.f("fk_geofence_event_tenant_id_geofence_id_geofence"),
        ),
        sa.PrimaryKeyConstraint("device_id", "time", "geofence_id", "kind", name=op.f("pk_geofence_event")),
    )
    op.create_index("ix_geofence_event_tenant_id_time", "geofence_event", ["tenant_id", "time"], unique=False)
    op.create_table(
        "geofence_presence",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("geofence_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False, comment="time of the fix that entered"),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_geofence_presence_tenant_id_device_id_device"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "geofence_id"],
            ["geofence.tenant_id", "geofence.id"],
            name=op.f("fk_geofence_presence_tenant_id_geofence_id_geofence"),
        ),
        sa.PrimaryKeyConstraint("device_id", "geofence_id", name=op.f("pk_geofence_presence")),
    )

    for table in ("geofence", "geofence_event", "geofence_presence"):
        protection.protect(table, web="SELECT, INSERT, UPDATE" if table == "geofence" else "SELECT")
    protection.notify_changes("geofence", channel="geofences")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("geofence_presence")
    op.drop_table("geofence_event")
    op.drop_table("geofence")

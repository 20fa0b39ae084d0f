"""Who and what a tenant has: vehicles, people, devices, fobs."""

import sqlalchemy as sa
from alembic import op

from db.migrations import protection

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "tenant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False, comment="the tenant's level in topics"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "time_zone", sa.Text(), server_default="UTC", nullable=False, comment="IANA name; local days go by it"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("slug ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name=op.f("ck_tenant_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenant_slug")),
    )
    op.create_table(
        "vehicle",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="car", nullable=False),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('car', 'van', 'motorcycle', 'bicycle', 'bus', 'truck', 'other')", name=op.f("ck_vehicle_kind")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_vehicle_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_vehicle_tenant_id_name")),
    )
    op.create_table(
        "person",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('vtc_driver', 'security_guard', 'courier', 'dispatcher', 'supervisor')",
            name=op.f("ck_person_kind"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_person_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_person")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False, comment="short id of the hot tables"),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False, comment="public id"),
        sa.Column("name", sa.Text(), nullable=False, comment="the device's level in topics"),
        sa.Column("kind", sa.Text(), server_default="tracker", nullable=False),
        sa.Column("label", sa.Text(), nullable=True, comment="what people call it"),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('gateway', 'tracker', 'phone')", name=op.f("ck_device_kind")),
        sa.CheckConstraint("name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name=op.f("ck_device_name")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_device_tenant_id_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vehicle_id"],
            ["vehicle.tenant_id", "vehicle.id"],
            name=op.f("fk_device_tenant_id_vehicle_id_vehicle"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_device_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_device_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_device_tenant_id_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_device_uid")),
    )
    op.create_table(
        "fob",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="what the panic button calls itself"),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_fob_tenant_id_person_id_person"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "vehicle_id"],
            ["vehicle.tenant_id", "vehicle.id"],
            name=op.f("fk_fob_tenant_id_vehicle_id_vehicle"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_fob_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_fob")),
    )

    protection.protect("tenant", condition="id = app.current_tenant()", web="SELECT")
    for table in ("vehicle", "person", "device", "fob"):
        protection.protect(table)
    for table in ("tenant", "device"):
        protection.notify_changes(table, channel="registry")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("fob")
    op.drop_table("device")
    op.drop_table("person")
    op.drop_table("vehicle")
    op.drop_table("tenant")

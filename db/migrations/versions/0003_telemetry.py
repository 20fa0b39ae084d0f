"""Fixes as a hypertable, the latest position, hourly activity and status of each device."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations import protection

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FIX_HISTORY_SIGNATURE = "app.fix_history(integer, timestamptz, timestamptz)"
# Owned by the table's owner, whom no policy holds: so it says itself whose rows these may be.
FIX_HISTORY = """
CREATE FUNCTION app.fix_history(wanted_device integer, since timestamptz, until timestamptz) RETURNS SETOF fix
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT f.*
    FROM fix f
    WHERE f.device_id = wanted_device AND f.time >= since AND f.time < until
        AND EXISTS (SELECT FROM device d WHERE d.id = wanted_device AND d.tenant_id = app.current_tenant())
    ORDER BY f.time
$$
"""


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "fix",
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="by the receiver's clock"),
        sa.Column("lat", sa.Double(), nullable=False, comment="degrees, WGS 84"),
        sa.Column("lon", sa.Double(), nullable=False, comment="degrees, WGS 84"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="a fact of receipt, apart from what the fix is",
        ),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("alt_m", sa.REAL(), nullable=True),
        sa.Column("speed_mps", sa.REAL(), nullable=True),
        sa.Column("course_deg", sa.REAL(), nullable=True),
        sa.Column("hdop", sa.REAL(), nullable=True),
        sa.Column("accuracy_m", sa.REAL(), nullable=True),
        sa.Column("distance_m", sa.REAL(), server_default="0", nullable=False, comment="since the device's fix before"),
        sa.Column("quality", sa.Integer(), server_default="0", nullable=False, comment="flags; 0 is a good fix"),
        sa.Column("satellites", sa.SmallInteger(), nullable=True),
        sa.Column("fix_mode", sa.SmallInteger(), nullable=False, comment="2 or 3 dimensions"),
        sa.Column("moving", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a fact of receipt"),
        sa.PrimaryKeyConstraint("device_id", "time", name=op.f("pk_fix")),
    )
    op.create_table(
        "device_latest",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="moves forward only (R56)"),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alt_m", sa.REAL(), nullable=True),
        sa.Column("speed_mps", sa.REAL(), nullable=True),
        sa.Column("course_deg", sa.REAL(), nullable=True),
        sa.Column("hdop", sa.REAL(), nullable=True),
        sa.Column("accuracy_m", sa.REAL(), nullable=True),
        sa.Column("quality", sa.Integer(), server_default="0", nullable=False),
        sa.Column("satellites", sa.SmallInteger(), nullable=True),
        sa.Column("fix_mode", sa.SmallInteger(), nullable=False),
        sa.Column("moving", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_latest_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_latest")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "activity_hourly",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False, comment="UTC hour of the later fix of each leg"),
        sa.Column("distance_m", sa.Double(), server_default="0", nullable=False),
        sa.Column("moving_s", sa.Double(), server_default="0", nullable=False),
        sa.Column("idle_s", sa.Double(), server_default="0", nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("max_speed_mps", sa.REAL(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_activity_hourly_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "hour", name=op.f("pk_activity_hourly")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_activity_hourly_hour", "activity_hourly", ["hour"], unique=False)
    op.create_table(
        "device_status",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="by the device's clock"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False, comment="false is the broker's word: the last will"),
        sa.Column("gps", sa.Text(), server_default="none", nullable=False),
        sa.Column("backlog", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("battery_pct", sa.Double(), nullable=True),
        sa.Column("uptime_s", sa.Double(), nullable=True),
        sa.Column(
            "ports", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "fobs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.CheckConstraint("gps IN ('none', '2d', '3d')", name=op.f("ck_device_status_gps")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_device_status_tenant_id_device_id_device"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", name=op.f("pk_device_status")),
        sa.UniqueConstraint("device_id", name=op.f("uq_device_status_device_id")),
        postgresql_with={"fillfactor": 70},
    )

    op.execute("SELECT create_hypertable('fix', by_range('time', INTERVAL '1 day'), create_default_indexes => false)")
    # No row-level security on a hypertable (a compressed one refuses it): the web role has no grant and goes through app.fix_history.
    protection.grant("fix", backend="SELECT, INSERT, UPDATE, DELETE")
    protection.protect("device_status", web="SELECT")
    # The subquery is read with the reader's own row-level security on device.
    own_device = "device_id IN (SELECT d.id FROM device d WHERE d.tenant_id = app.current_tenant())"
    for table in ("device_latest", "activity_hourly"):
        protection.protect(table, condition=own_device, web="SELECT")
    op.execute(FIX_HISTORY)
    op.execute(f"GRANT EXECUTE ON FUNCTION {FIX_HISTORY_SIGNATURE} TO driveops_web, driveops_backend")


def downgrade() -> None:
    """Take it back."""
    op.execute(f"DROP FUNCTION {FIX_HISTORY_SIGNATURE}")
    op.drop_table("device_status")
    op.drop_table("activity_hourly")
    op.drop_table("device_latest")
    op.drop_table("fix")

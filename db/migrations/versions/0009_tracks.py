"""Where the deriving of each device's track goes on, the thresholds that flag a fix, and facts of receipt."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations import protection

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A job's procedure. Of the checkpoints from before the fixes that are kept, each device needs its last alone.
_FORGET_CHECKPOINTS = """
CREATE PROCEDURE app.forget_checkpoints(job_id integer, config jsonb)
LANGUAGE sql
SET search_path = pg_catalog, public, pg_temp
AS $$
    DELETE FROM track_checkpoint c
    USING device d CROSS JOIN LATERAL (
        SELECT k.hour FROM track_checkpoint k
        WHERE k.device_id = d.id AND k.hour <= now() - (config ->> 'drop_after')::interval
        ORDER BY k.hour DESC LIMIT 1
    ) last
    WHERE c.device_id = d.id AND c.hour < last.hour
$$
"""
_INSTANT = sa.DateTime(timezone=True)
_OWN_DEVICE = "device_id IN (SELECT d.id FROM device d WHERE d.tenant_id = app.current_tenant())"
_NEW_COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("fix", sa.Column("odometer_m", sa.Double(), nullable=True, comment="as the device counts")),
    (
        "fix",
        sa.Column(
            "out_of_order", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="a fact of receipt"
        ),
    ),
    ("fix", sa.Column("corrected_at", _INSTANT, nullable=True, comment="when late data changed what follows from it")),
    ("device_latest", sa.Column("odometer_m", sa.Double(), nullable=True)),
    ("activity_hourly", sa.Column("corrected_at", _INSTANT, nullable=True, comment="when late data changed it")),
)


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    for table, column in _NEW_COLUMNS:
        op.add_column(table, column)
    op.create_table(
        "quality_rule",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("max_speed_mps", sa.Double(), nullable=True),
        sa.Column("max_hdop", sa.Double(), nullable=True),
        sa.Column("max_accuracy_m", sa.Double(), nullable=True),
        sa.Column("drift_radius_m", sa.Double(), nullable=True),
        sa.Column("park_after_s", sa.Double(), nullable=True),
        sa.Column("floor", _INSTANT, nullable=True, comment="no fix is older than this"),
        *(
            sa.CheckConstraint(f"{name} > 0", name=op.f(f"ck_quality_rule_{name}"))
            for name in ("max_speed_mps", "max_hdop", "max_accuracy_m", "drift_radius_m", "park_after_s")
        ),
        sa.CheckConstraint("kind IN ('gateway', 'tracker', 'phone')", name=op.f("ck_quality_rule_kind")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_quality_rule_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name=op.f("pk_quality_rule")),
    )
    op.create_table(
        "track_state",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("newest", _INSTANT, nullable=True, comment="of the newest fix that counts, good or flagged"),
        sa.Column(
            "aside_until",
            _INSTANT,
            nullable=True,
            comment="of the newest fix that stands outside, as one from the future",
        ),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_track_state_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_track_state")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "track_checkpoint",
        sa.Column("hour", _INSTANT, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_track_checkpoint_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "hour", name=op.f("pk_track_checkpoint")),
    )
    op.create_table(
        "receipt_daily",
        sa.Column("day", sa.Date(), nullable=False, comment="UTC day of receipt"),
        sa.Column("device_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("duplicates", "out_of_order", "late", "future")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_receipt_daily_device_id_device")),
        sa.PrimaryKeyConstraint("device_id", "day", name=op.f("pk_receipt_daily")),
        postgresql_with={"fillfactor": 80},
    )
    protection.protect("quality_rule")
    for table in ("track_state", "track_checkpoint"):
        protection.protect(table, condition=_OWN_DEVICE, web="")
    protection.protect("receipt_daily", condition=_OWN_DEVICE, web="SELECT")
    op.execute(_FORGET_CHECKPOINTS)
    # The look-up of devices and of their thresholds is one: ingest hears of both by the same word.
    protection.notify_changes("quality_rule", channel="registry")


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()
    op.execute("DROP PROCEDURE app.forget_checkpoints")
    for table in ("receipt_daily", "track_checkpoint", "track_state", "quality_rule"):
        op.drop_table(table)
    for table, column in reversed(_NEW_COLUMNS):
        op.drop_column(table, column.name)

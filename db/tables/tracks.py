"""Where the deriving of each device's track goes on, the thresholds that flag a fix, and counts of what was odd on receipt."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db.tables.metadata import Instant, metadata, one_of, tenant_id
from db.tables.registry import DEVICE_KINDS

_LIMITS = ("max_speed_mps", "max_hdop", "max_accuracy_m", "drift_radius_m", "park_after_s")

# What isn't told here is as in domain.fix_quality.
quality_rule = sa.Table(
    "quality_rule",
    metadata,
    tenant_id(),
    sa.Column("kind", sa.Text, nullable=False),
    *(sa.Column(name, sa.Double) for name in _LIMITS),
    sa.Column("floor", Instant, comment="no fix is older than this"),
    sa.PrimaryKeyConstraint("tenant_id", "kind"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    *(sa.CheckConstraint(f"{name} > 0", name=name) for name in _LIMITS),
    one_of("kind", DEVICE_KINDS),
)

# Only for devices whose state is more than their latest position: standing ones, doubtful ones (domain.track).
track_state = sa.Table(
    "track_state",
    metadata,
    sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), primary_key=True, autoincrement=False),
    sa.Column("newest", Instant, comment="of the newest fix that counts, good or flagged"),
    sa.Column("aside_until", Instant, comment="of the newest fix that stands outside, as one from the future"),
    sa.Column("state", postgresql.JSONB, nullable=False),
    postgresql_with={"fillfactor": 70},
)

# The whole state just before the first fix of an hour: late data derives the track anew from here.
track_checkpoint = sa.Table(
    "track_checkpoint",
    metadata,
    sa.Column("hour", Instant, nullable=False),
    sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), nullable=False),
    sa.Column("state", postgresql.JSONB, nullable=False),
    sa.PrimaryKeyConstraint("device_id", "hour"),
)

receipt_daily = sa.Table(
    "receipt_daily",
    metadata,
    sa.Column("day", sa.Date, nullable=False, comment="UTC day of receipt"),
    sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), nullable=False),
    *(
        sa.Column(name, sa.Integer, nullable=False, server_default="0")
        for name in ("duplicates", "out_of_order", "late", "future")
    ),
    sa.PrimaryKeyConstraint("device_id", "day"),
    postgresql_with={"fillfactor": 80},
)

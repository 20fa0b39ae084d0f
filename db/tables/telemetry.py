"""What devices tell: fixes, what follows from them, and the devices' own status.

`fix` is a hypertable by time, chunks of a day (the migration makes it one). It carries no tenant and no foreign key: the
device implies the tenant, ingest writes registered devices only, and a check per row would halve the writing.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db.tables.metadata import Instant, metadata, tenant_id
from domain import telemetry

# No index by place on history: it would cost half of the writing, and no query asks for it.
fix = sa.Table(
    "fix",
    metadata,
    # The order keeps the wide columns aligned: no padding in the row.
    sa.Column("time", Instant, nullable=False, comment="by the receiver's clock"),
    sa.Column("lat", sa.Double, nullable=False, comment="degrees, WGS 84"),
    sa.Column("lon", sa.Double, nullable=False, comment="degrees, WGS 84"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("received_at", Instant, nullable=False, comment="a fact of receipt, apart from what the fix is"),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("alt_m", sa.REAL),
    sa.Column("speed_mps", sa.REAL),
    sa.Column("course_deg", sa.REAL),
    sa.Column("hdop", sa.REAL),
    sa.Column("accuracy_m", sa.REAL),
    sa.Column("distance_m", sa.REAL, nullable=False, server_default="0", comment="since the device's fix before"),
    sa.Column("quality", sa.Integer, nullable=False, server_default="0", comment="flags; 0 is a good fix"),
    sa.Column("satellites", sa.SmallInteger),
    sa.Column("fix_mode", sa.SmallInteger, nullable=False, comment="2 or 3 dimensions"),
    sa.Column("moving", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false(), comment="a fact of receipt"),
    sa.Column("odometer_m", sa.Double, comment="as the device counts"),
    sa.Column("out_of_order", sa.Boolean, nullable=False, server_default=sa.false(), comment="a fact of receipt"),
    sa.Column("corrected_at", Instant, comment="when late data changed what follows from it"),
    sa.PrimaryKeyConstraint("device_id", "time"),
)

# Each batch updates these rows in place: room on the page keeps the updates out of the index.
device_latest = sa.Table(
    "device_latest",
    metadata,
    sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), primary_key=True, autoincrement=False),
    sa.Column("time", Instant, nullable=False, comment="moves forward only (R56)"),
    sa.Column("lat", sa.Double, nullable=False),
    sa.Column("lon", sa.Double, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("alt_m", sa.REAL),
    sa.Column("speed_mps", sa.REAL),
    sa.Column("course_deg", sa.REAL),
    sa.Column("hdop", sa.REAL),
    sa.Column("accuracy_m", sa.REAL),
    sa.Column("quality", sa.Integer, nullable=False, server_default="0"),
    sa.Column("satellites", sa.SmallInteger),
    sa.Column("fix_mode", sa.SmallInteger, nullable=False),
    sa.Column("moving", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("odometer_m", sa.Double),
    postgresql_with={"fillfactor": 50},
)

activity_hourly = sa.Table(
    "activity_hourly",
    metadata,
    sa.Column("hour", Instant, nullable=False, comment="UTC hour of the later fix of each leg"),
    sa.Column("distance_m", sa.Double, nullable=False, server_default="0"),
    sa.Column("moving_s", sa.Double, nullable=False, server_default="0"),
    sa.Column("idle_s", sa.Double, nullable=False, server_default="0"),
    sa.Column("device_id", sa.Integer, sa.ForeignKey("device.id"), nullable=False),
    sa.Column("fixes", sa.Integer, nullable=False),
    sa.Column("max_speed_mps", sa.REAL),
    sa.Column("corrected_at", Instant, comment="when late data changed it"),
    sa.PrimaryKeyConstraint("device_id", "hour"),
    sa.Index("ix_activity_hourly_hour", "hour"),
    postgresql_with={"fillfactor": 80},
)

device_status = sa.Table(
    "device_status",
    metadata,
    tenant_id(),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("time", Instant, nullable=False, comment="by the device's clock"),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("online", sa.Boolean, nullable=False, comment="false is the broker's word: the last will"),
    sa.Column("gps", sa.Text, nullable=False, server_default=telemetry.GpsState.NONE),
    sa.Column("backlog", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("version", sa.Text, nullable=False, server_default=""),
    sa.Column("battery_pct", sa.Double),
    sa.Column("uptime_s", sa.Double),
    sa.Column("ports", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("fobs", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.PrimaryKeyConstraint("tenant_id", "device_id"),
    sa.UniqueConstraint("device_id"),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.CheckConstraint("gps IN ('none', '2d', '3d')", name="gps"),
    postgresql_with={"fillfactor": 70},
)

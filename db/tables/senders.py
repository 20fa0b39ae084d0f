"""Phones with public apps: their tokens, what waits for its shard, what they claim; and devices that nobody has registered."""

import sqlalchemy as sa

from db.tables.metadata import TOPIC_SEGMENT, Instant, created_at, metadata, one_of, tenant_id

CLAIM_KINDS = ("entered", "left", "waypoint")

# By name and not by id: a token may be there before its device is, which then comes into quarantine.
sender_token = sa.Table(
    "sender_token",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
    tenant_id(),
    sa.Column("device_name", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False, comment="the administrator's account on the machine"),
    created_at(),
    sa.Column("revoked_at", Instant),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.CheckConstraint(f"device_name ~ '{TOPIC_SEGMENT}'", name="device_name"),
    sa.Index("ix_sender_token_tenant_id_device_name", "tenant_id", "device_name"),
)

# Answered with success once it is here; whoever holds the shard takes it from here through the pipeline and deletes it.
sender_queue = sa.Table(
    "sender_queue",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    tenant_id(),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("shard", sa.SmallInteger, nullable=False),
    sa.Column("topic", sa.Text, nullable=False, comment="of the fixes lane"),
    sa.Column("payload", sa.LargeBinary, nullable=False, comment="as the contract has it (docs/mqtt.md)"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
)

sender_event = sa.Table(
    "sender_event",
    metadata,
    tenant_id(),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("time", Instant, nullable=False, comment="by the phone's clock"),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, comment="as the phone's user calls it"),
    sa.Column("lat", sa.Double),
    sa.Column("lon", sa.Double),
    sa.Column("radius_m", sa.Double),
    sa.Column("accuracy_m", sa.Double),
    sa.PrimaryKeyConstraint("device_id", "time", "kind", "place"),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    one_of("kind", CLAIM_KINDS),
    sa.CheckConstraint("num_nonnulls(lat, lon) IN (0, 2)", name="position"),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    tenant_id(),
    sa.Column("device_name", sa.Text, nullable=False),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("last_seen", Instant, nullable=False),
    sa.Column("messages", sa.BigInteger, nullable=False),
    sa.Column("last_topic", sa.Text, nullable=False),
    sa.Column("last_payload", sa.LargeBinary, nullable=False, comment="its beginning"),
    sa.Column("dismissed_at", Instant),
    sa.Column("dismissed_by", sa.Text),
    sa.Column("adopted_at", Instant),
    sa.Column("adopted_by", sa.Text),
    sa.PrimaryKeyConstraint("tenant_id", "device_name"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.CheckConstraint(f"device_name ~ '{TOPIC_SEGMENT}'", name="device_name"),
    sa.CheckConstraint("num_nonnulls(dismissed_at, dismissed_by) IN (0, 2)", name="dismissed"),
    sa.CheckConstraint("num_nonnulls(adopted_at, adopted_by) IN (0, 2)", name="adopted"),
)

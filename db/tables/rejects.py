"""Payloads that could not be taken, kept whole."""

import sqlalchemy as sa

from db.tables.metadata import Instant, metadata

reject = sa.Table(
    "reject",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("tenant_id", sa.Uuid, comment="null where the topic names no tenant that exists"),
    sa.Column("device_id", sa.Integer),
    sa.Column("replayed_at", Instant),
    sa.Column("kind", sa.Text, nullable=False, server_default="unreadable"),
    sa.Column("device_name", sa.Text, comment="as its topic names it"),
    sa.Column("whole_bytes", sa.BigInteger, comment="how long it was, where a part alone is kept"),
    sa.CheckConstraint("kind IN ('stranger', 'topic', 'unreadable', 'refused')", name="kind"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.Index("ix_reject_received_at", "received_at"),
    sa.Index("ix_reject_tenant_id_received_at", "tenant_id", "received_at"),
)

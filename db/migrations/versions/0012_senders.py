"""Tokens of HTTP senders, what waits for its shard, what phones claim, and devices that nobody has registered."""

import sqlalchemy as sa
from alembic import op

from db.migrations import protection

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NAME = "device_name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'"
_TABLES = ("quarantine", "sender_event", "sender_queue", "sender_token")


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    _make_sender_token()
    _make_sender_queue()
    _make_sender_event()
    _make_quarantine()
    _extend_reject()
    # Only what comes says something to who waits for it; what is taken away doesn't.
    op.execute(
        "CREATE TRIGGER notify_changes AFTER INSERT ON sender_queue "
        "FOR EACH STATEMENT EXECUTE FUNCTION app.notify_change('sender_queue')"
    )
    protection.protect("sender_token", web="", backend="SELECT")
    protection.protect("sender_queue", web="")
    protection.protect("sender_event", web="SELECT")
    protection.protect("quarantine", web="SELECT, UPDATE")


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()
    op.drop_index("ix_reject_tenant_id_received_at", "reject")
    for column in ("kind", "device_name", "whole_bytes"):
        op.drop_column("reject", column)
    for table in _TABLES:
        op.drop_table(table)


def _make_sender_token() -> None:
    op.create_table(
        "sender_token",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False, comment="the administrator's account on the machine"),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.CheckConstraint(_NAME, name=op.f("ck_sender_token_device_name")),
        _tenant("sender_token"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sender_token")),
    )
    op.create_index("ix_sender_token_tenant_id_device_name", "sender_token", ["tenant_id", "device_name"])


def _make_sender_queue() -> None:
    op.create_table(
        "sender_queue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False, comment="of the fixes lane"),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="as the contract has it (docs/mqtt.md)"),
        _tenant("sender_queue"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_queue")),
    )


def _make_sender_event() -> None:
    op.create_table(
        "sender_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("time", _INSTANT, nullable=False, comment="by the phone's clock"),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="as the phone's user calls it"),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("lat", "lon", "radius_m", "accuracy_m")),
        sa.CheckConstraint("kind IN ('entered', 'left', 'waypoint')", name=op.f("ck_sender_event_kind")),
        sa.CheckConstraint("num_nonnulls(lat, lon) IN (0, 2)", name=op.f("ck_sender_event_position")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_sender_event_tenant_id_device_id_device"),
        ),
        sa.PrimaryKeyConstraint("device_id", "time", "kind", "place", name=op.f("pk_sender_event")),
    )


def _make_quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("first_seen", _INSTANT, nullable=False),
        sa.Column("last_seen", _INSTANT, nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("last_topic", sa.Text(), nullable=False),
        sa.Column("last_payload", sa.LargeBinary(), nullable=False, comment="its beginning"),
        sa.Column("dismissed_at", _INSTANT, nullable=True),
        sa.Column("dismissed_by", sa.Text(), nullable=True),
        sa.Column("adopted_at", _INSTANT, nullable=True),
        sa.Column("adopted_by", sa.Text(), nullable=True),
        sa.CheckConstraint(_NAME, name=op.f("ck_quarantine_device_name")),
        sa.CheckConstraint("num_nonnulls(dismissed_at, dismissed_by) IN (0, 2)", name=op.f("ck_quarantine_dismissed")),
        sa.CheckConstraint("num_nonnulls(adopted_at, adopted_by) IN (0, 2)", name=op.f("ck_quarantine_adopted")),
        _tenant("quarantine"),
        sa.PrimaryKeyConstraint("tenant_id", "device_name", name=op.f("pk_quarantine")),
    )


def _extend_reject() -> None:
    op.add_column("reject", sa.Column("kind", sa.Text(), server_default="unreadable", nullable=False))
    op.add_column("reject", sa.Column("device_name", sa.Text(), nullable=True, comment="as its topic names it"))
    op.add_column(
        "reject",
        sa.Column("whole_bytes", sa.BigInteger(), nullable=True, comment="how long it was, where a part alone is kept"),
    )
    op.create_check_constraint(
        op.f("ck_reject_kind"), "reject", "kind IN ('stranger', 'topic', 'unreadable', 'refused')"
    )
    op.create_index("ix_reject_tenant_id_received_at", "reject", ["tenant_id", "received_at"])


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant"))

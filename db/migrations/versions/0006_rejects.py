"""Payloads that could not be taken, kept whole."""

import sqlalchemy as sa
from alembic import op

from db.migrations import protection

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "reject",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True, comment="null where the topic names no tenant that exists"),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_reject_tenant_id_device_id_device"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_reject_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject")),
    )
    op.create_index("ix_reject_received_at", "reject", ["received_at"], unique=False)

    protection.protect("reject", web="SELECT")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("reject")

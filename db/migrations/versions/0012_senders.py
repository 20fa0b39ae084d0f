"""Tokens of HTTP senders, and what nobody's device sent."""

from db.migrations import protection

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()

"""Fences of every shape with their rules, and the visits at them."""

from db.migrations import protection

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()

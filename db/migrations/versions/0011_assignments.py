"""Who had which device, fob and vehicle when; who is on duty."""

from db.migrations import protection

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()

"""Where the deriving of each device's track goes on, and the thresholds that flag a fix."""

from db.migrations import protection

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()


def downgrade() -> None:
    """Take it away."""
    protection.act_as_owner()

"""${message}."""

import sqlalchemy as sa
% if imports:
${imports}
% endif
from alembic import op

from db.migrations import protection

revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    ${upgrades if upgrades else "pass"}
    # A table with tenant_id: protection.protect("..."), or the test of tenant isolation fails.


def downgrade() -> None:
    """Take it back."""
    ${downgrades if downgrades else "pass"}

"""People who may sign in, their sessions and their login links; of every secret the digest alone."""

import sqlalchemy as sa

from db.tables.metadata import Instant, created_at, metadata, one_of, tenant_id
from domain import accounts

LINK_PURPOSES = ("password", "sign_in")

account = sa.Table(
    "account",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("login", sa.Text, nullable=False, unique=True, comment="e-mail in lower case, one of all tenants"),
    sa.Column("name", sa.Text, nullable=False, comment="as others see it on alerts"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, comment="argon2id; null until a password is set by a link"),
    sa.Column(
        "failures",
        sa.SmallInteger,
        nullable=False,
        server_default="0",
        comment="attempts since the last success or lock",
    ),
    sa.Column("locked_until", Instant),
    created_at(),
    sa.Column("disabled_at", Instant),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.CheckConstraint("login = lower(login)", name="login"),
    one_of("role", accounts.Role),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
    tenant_id(),
    sa.Column("account_id", sa.Uuid, nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
)

login_link = sa.Table(
    "login_link",
    metadata,
    sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
    tenant_id(),
    sa.Column("account_id", sa.Uuid, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.ForeignKeyConstraint(["tenant_id", "account_id"], ["account.tenant_id", "account.id"]),
    one_of("purpose", LINK_PURPOSES),
)

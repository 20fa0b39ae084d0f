"""Accounts, their sessions and login links, and word of changed alerts."""

import sqlalchemy as sa
from alembic import op

from db import roles
from db.migrations import protection

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The web role sees none of these: signing in comes before there is a tenant.
FUNCTIONS = {
    # The attempt is counted before the password is checked: those sent at once wait for the row one after the other.
    "begin_attempt(text, timestamptz, integer, interval)": """
CREATE FUNCTION auth.begin_attempt(wanted text, at timestamptz, most integer, lock_for interval)
RETURNS TABLE (account_id uuid, password_hash text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE account AS a SET
        failures = CASE WHEN a.failures + 1 >= most THEN 0 ELSE a.failures + 1 END,
        locked_until = CASE WHEN a.failures + 1 >= most THEN at + lock_for ELSE a.locked_until END
    WHERE a.login = lower(wanted) AND a.disabled_at IS NULL AND (a.locked_until IS NULL OR a.locked_until <= at)
    RETURNING a.id, a.password_hash
$$""",
    # What has expired goes with each new session; what another is deleting just now is left to it. `checked` is the hash
    # that the password was checked against: one that was changed meanwhile opens nothing. The account's row is locked
    # first, as those do who end its sessions.
    "open_session(uuid, bytea, timestamptz, timestamptz, text)": """
CREATE FUNCTION auth.open_session(whose uuid, token bytea, at timestamptz, expires timestamptz, checked text)
RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE account SET failures = 0, locked_until = NULL
    WHERE id = whose AND disabled_at IS NULL AND (checked IS NULL OR password_hash = checked);
    DELETE FROM session WHERE token_sha256 IN (
        SELECT token_sha256 FROM session WHERE expires_at <= at FOR UPDATE SKIP LOCKED
    );
    DELETE FROM login_link WHERE token_sha256 IN (
        SELECT token_sha256 FROM login_link WHERE expires_at <= at FOR UPDATE SKIP LOCKED
    );
    INSERT INTO session (token_sha256, tenant_id, account_id, created_at, seen_at, expires_at)
    SELECT token, a.tenant_id, a.id, at, at, expires FROM account AS a
    WHERE a.id = whose AND a.disabled_at IS NULL AND (checked IS NULL OR a.password_hash = checked)
    RETURNING true
$$""",
    "find_session(bytea, timestamptz, interval)": """
CREATE FUNCTION auth.find_session(token bytea, at timestamptz, idle interval)
RETURNS TABLE (
    tenant_id uuid, tenant_slug text, tenant_name text, time_zone text,
    account_id uuid, name text, role text, expires_at timestamptz
)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE session AS s SET seen_at = at
    WHERE s.token_sha256 = token AND s.ended_at IS NULL AND s.expires_at > at AND s.seen_at > at - idle
        AND s.seen_at < at - interval '1 minute';
    SELECT t.id, t.slug, t.name, t.time_zone, a.id, a.name, a.role, s.expires_at
    FROM session AS s
    JOIN account AS a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
    JOIN tenant AS t ON t.id = s.tenant_id
    WHERE s.token_sha256 = token AND s.ended_at IS NULL AND s.expires_at > at AND s.seen_at > at - idle
        AND a.disabled_at IS NULL
$$""",
    "end_session(bytea, timestamptz)": """
CREATE FUNCTION auth.end_session(token bytea, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE session SET ended_at = at WHERE token_sha256 = token AND ended_at IS NULL
$$""",
    "find_link(bytea, timestamptz)": """
CREATE FUNCTION auth.find_link(token bytea, at timestamptz) RETURNS TABLE (name text, purpose text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.name, l.purpose
    FROM login_link AS l JOIN account AS a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
    WHERE l.token_sha256 = token AND l.used_at IS NULL AND l.expires_at > at AND a.disabled_at IS NULL
$$""",
    # A link that sets a password is useless without one, and one that signs in never changes it. A new password ends
    # the account's sessions and links; the session that the link opens comes after.
    "use_link(bytea, timestamptz, text, bytea, timestamptz)": """
CREATE FUNCTION auth.use_link(
    token bytea, at timestamptz, new_hash text, session_token bytea, session_expires timestamptz
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose uuid;
BEGIN
    PERFORM 1 FROM login_link AS l JOIN account AS a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
    WHERE l.token_sha256 = token FOR UPDATE OF a;
    UPDATE login_link AS l SET used_at = at
    FROM account AS a
    WHERE l.token_sha256 = token AND l.used_at IS NULL AND l.expires_at > at
        AND (l.purpose = 'password') = (new_hash IS NOT NULL)
        AND a.tenant_id = l.tenant_id AND a.id = l.account_id AND a.disabled_at IS NULL
    RETURNING l.account_id INTO whose;
    IF whose IS NOT NULL AND new_hash IS NOT NULL THEN
        UPDATE account SET password_hash = new_hash WHERE id = whose;
        UPDATE session SET ended_at = at WHERE account_id = whose AND ended_at IS NULL;
        UPDATE login_link SET used_at = at WHERE account_id = whose AND used_at IS NULL;
    END IF;
    IF whose IS NOT NULL AND auth.open_session(whose, session_token, at, session_expires, new_hash) THEN
        RETURN whose;
    END IF;
    RETURN NULL;
END
$$""",
}


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "account",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="e-mail in lower case, one of all tenants"),
        sa.Column("name", sa.Text(), nullable=False, comment="as others see it on alerts"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "password_hash", sa.Text(), nullable=True, comment="argon2id; null until a password is set by a link"
        ),
        sa.Column(
            "failures",
            sa.SmallInteger(),
            server_default="0",
            nullable=False,
            comment="attempts since the last success or lock",
        ),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_account_login")),
        sa.CheckConstraint("role IN ('admin', 'manager', 'dispatcher')", name=op.f("ck_account_role")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_account_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _account("session"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_table(
        "login_link",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('password', 'sign_in')", name=op.f("ck_login_link_purpose")),
        _account("login_link"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_login_link")),
    )
    for table in ("account", "session", "login_link"):
        protection.protect(table, web="", backend="")
    for signature, statement in FUNCTIONS.items():
        op.execute(sa.text(statement.replace(":", r"\:")))
        op.execute(f"GRANT EXECUTE ON FUNCTION auth.{signature} TO {roles.AUTH}")
    protection.notify_changes("alert", channel="alerts")


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP TRIGGER notify_changes ON alert")
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION auth.{signature}")
    for table in ("login_link", "session", "account"):
        op.drop_table(table)


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "account_id"],
        ["account.tenant_id", "account.id"],
        name=op.f(f"fk_{table}_tenant_id_account_id_account"),
    )

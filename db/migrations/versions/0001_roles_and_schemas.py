"""Extensions, roles and schemas."""

from alembic import op

from db import roles

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Roles belong to the cluster: another database of it may have made them, even at this moment.
CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$
"""

# After a SET LOCAL has ended, the setting is an empty string for the rest of the session.
CURRENT_TENANT = """
CREATE FUNCTION app.current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.tenant_id', true), '')::uuid
"""

NOTIFY_CHANGE = """
CREATE FUNCTION app.notify_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Make it."""
    op.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    for role in roles.ALL:
        op.execute(CREATE_ROLE.format(role=role))
    # A migrating role that is no superuser must be a member to act as the owner.
    op.execute(f"GRANT {roles.OWNER} TO CURRENT_USER")
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(f"GRANT CREATE ON SCHEMA public TO {roles.OWNER}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON alembic_version TO {roles.OWNER}")
    op.execute(f"GRANT SELECT ON alembic_version TO {roles.WEB}, {roles.BACKEND}, {roles.AUTH}")
    for schema in ("app", "auth"):
        op.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {roles.OWNER}")
    op.execute(f"SET LOCAL ROLE {roles.OWNER}")
    # Functions are nobody's until they are granted.
    op.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA app TO {roles.WEB}, {roles.BACKEND}")
    op.execute(f"GRANT USAGE ON SCHEMA auth TO {roles.AUTH}")
    op.execute(CURRENT_TENANT)
    op.execute(f"GRANT EXECUTE ON FUNCTION app.current_tenant() TO {roles.WEB}, {roles.BACKEND}")
    op.execute(NOTIFY_CHANGE)


def downgrade() -> None:
    """Take it back, but for extensions and roles: they may serve others of this database and cluster."""
    op.execute("DROP FUNCTION app.notify_change()")
    op.execute("DROP FUNCTION app.current_tenant()")
    op.execute("DROP SCHEMA auth")
    op.execute("DROP SCHEMA app")
    op.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {roles.OWNER} GRANT EXECUTE ON FUNCTIONS TO PUBLIC")
    op.execute(f"REVOKE ALL ON alembic_version FROM {', '.join(roles.ALL)}")
    op.execute(f"REVOKE CREATE ON SCHEMA public FROM {roles.OWNER}")

"""What every migration does alike: own, grant, protect by row-level security, notify (docs/decisions/0008).

Applied migrations call these: change what they do only together with a new migration that alters what stands.
"""

from alembic import op

from db import roles

OWN_TENANT = "tenant_id = app.current_tenant()"
READ_AND_WRITE = "SELECT, INSERT, UPDATE"


def act_as_owner() -> None:
    """Make what follows in this transaction the owner role's, whoever runs the migration."""
    op.execute(f"SET LOCAL ROLE {roles.OWNER}")


def grant(table: str, *, web: str | None = None, backend: str | None = None) -> None:
    """Grant these privileges on a table."""
    for role, privileges in ((roles.WEB, web), (roles.BACKEND, backend)):
        if privileges:
            op.execute(f"GRANT {privileges} ON {table} TO {role}")


def protect(
    table: str, *, condition: str = OWN_TENANT, web: str = READ_AND_WRITE, backend: str = READ_AND_WRITE + ", DELETE"
) -> None:
    """Turn row-level security on: web sees the rows of its transaction's tenant, backend sees all."""
    grant(table, web=web, backend=backend)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_tenant ON {table} TO {roles.WEB} USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"CREATE POLICY all_tenants ON {table} TO {roles.BACKEND} USING (true) WITH CHECK (true)")


def notify_changes(table: str, *, channel: str) -> None:
    """Tell the listeners of a channel, once a transaction, that rows of a table changed."""
    op.execute(
        f"CREATE TRIGGER notify_changes AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION app.notify_change('{channel}')"
    )

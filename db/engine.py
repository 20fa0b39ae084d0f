"""Connections: a SQLAlchemy engine over psycopg 3 from any libpq address, and a tenant's transaction."""

import contextlib
import uuid
from collections.abc import Iterator

import psycopg
import sqlalchemy as sa

from db import errors

CONNECT_TIMEOUT_S = 10


def create(dsn: str, *, pool_size: int = 5, application_name: str = "driveops") -> sa.Engine:
    """Make an engine; nothing connects yet. `dsn` is a `postgresql://` URL or libpq's `key=value` words."""

    def connect() -> psycopg.Connection:
        return psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S, application_name=application_name)

    return sa.create_engine(
        "postgresql+psycopg://", creator=connect, pool_size=pool_size, max_overflow=0, pool_pre_ping=True
    )


@contextlib.contextmanager
def connect(dsn: str) -> Iterator[sa.Connection]:
    """Open one connection for a command and close it.

    Raises:
        DatabaseError: nobody answers there, the user is refused, or the address is none.
    """
    engine = create(dsn, pool_size=1)
    try:
        try:
            connection = engine.connect()
        except sa.exc.DBAPIError as error:
            raise errors.DatabaseError(f"cannot connect to the database: {str(error.orig).strip()}") from None
        with connection:
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def tenant_transaction(engine: sa.Engine, tenant_id: uuid.UUID) -> Iterator[sa.Connection]:
    """One transaction of one tenant, as the web role has them: row-level security shows it that tenant's rows alone."""
    with engine.begin() as connection:
        use_tenant(connection, tenant_id)
        yield connection


def use_tenant(connection: sa.Connection, tenant_id: uuid.UUID) -> None:
    """Say whose rows the running transaction may see; forgotten at its end."""
    connection.execute(sa.text("SELECT set_config('app.tenant_id', :tenant_id, true)"), {"tenant_id": str(tenant_id)})

"""Connections: a SQLAlchemy engine over psycopg 3 from any libpq address, and a tenant's transaction."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import conninfo

from db import errors

CLIENT_PARAMETERS: Mapping[str, int] = {
    "connect_timeout": 5,  # seconds, for each address of the host
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
"""For every connection, of libpq: a host that vanishes without a word is noticed within half a minute.

What the address itself says of them goes first.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long one statement may wait for a lock, and how long it may take in all."""

    lock_s: float
    statement_s: float

    @property
    def options(self) -> str:
        """As libpq's `options`."""
        return f"-c lock_timeout={round(self.lock_s * 1e3)} -c statement_timeout={round(self.statement_s * 1e3)}"


LANE_LIMITS = Limits(lock_s=5.0, statement_s=10.0)
"""For lanes whose transactions are small: whoever holds them up longer than this is an error to be told."""


def create(
    dsn: str,
    *,
    pool_size: int = 5,
    pool_timeout_s: float = 30.0,
    application_name: str = "driveops",
    limits: Limits | None = None,
) -> sa.Engine:
    """Make an engine; nothing connects yet. `dsn` is a `postgresql://` URL or libpq's `key=value` words.

    Who finds all connections in use waits for one for `pool_timeout_s` and gets a `sqlalchemy.exc.TimeoutError` then.
    """

    def connect() -> psycopg.Connection:
        return open_connection(dsn, application_name=application_name, limits=limits)

    return sa.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_s,
        pool_pre_ping=True,
    )


def open_connection(
    dsn: str,
    *,
    application_name: str,
    limits: Limits | None = None,
    autocommit: bool = False,
    options: str = "",
) -> psycopg.Connection[Any]:
    """Open a connection of the driver's own; `options` are libpq's.

    Raises:
        psycopg.OperationalError: it can't be reached.
    """
    words: dict[str, Any] = {**CLIENT_PARAMETERS, **conninfo.conninfo_to_dict(dsn)}
    given = [words.get("options"), options, limits.options if limits else None]
    words |= {"application_name": application_name, "options": " ".join(filter(None, given))}
    return psycopg.connect(autocommit=autocommit, **words)


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

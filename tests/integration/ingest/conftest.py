import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from db import access, devices, engine, migrate, roles
from stack import engine as stack_engine
from stack import postgres, scratch
from tests.fixtures.database import PASSWORDS, Database, DatabaseServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Acme:
    """The tenant `acme` with devices van-000 and so on."""

    database: Database
    tenant_id: uuid.UUID
    devices: tuple[str, ...]

    def select(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask as the superuser."""
        with psycopg.connect(self.database.owner_dsn) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def stored(self) -> list[tuple[str, int]]:
        """Device and number of every fix, sorted."""
        rows = self.select("SELECT d.name, f.seq FROM fix f JOIN device d ON d.id = f.device_id ORDER BY 1, 2")
        return [(name, seq) for name, seq in rows]


def populate(database: Database, count: int = 10) -> Acme:
    """Register the tenant and its devices."""
    names = tuple(f"van-{number:03d}" for number in range(count))
    with engine.connect(database.owner_dsn) as connection:
        devices.add_tenant(connection, "acme", name="Acme", time_zone="UTC")
        tenant_id = devices.tenant_id(connection, "acme")
        devices.add(connection, tenant_id, [devices.NewDevice(name=name) for name in names])
        connection.commit()
    return Acme(database=database, tenant_id=tenant_id, devices=names)


@pytest.fixture
def acme(database: Database) -> Acme:
    return populate(database)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnServer:
    """A PostgreSQL of one test, which may kill it."""

    server: postgres.Postgres
    acme: Acme


@pytest.fixture
def own_server(server_programs: stack_engine.Engine) -> Iterator[OwnServer]:
    with scratch.running_postgres(server_programs) as server, migrated(server) as database:
        yield OwnServer(server=server, acme=populate(database))


@contextmanager
def migrated(server: postgres.Postgres) -> Iterator[Database]:
    """A migrated database on this server."""
    database = DatabaseServer(server.dsn()).create(f"own_{secrets.token_hex(4)}")
    with engine.connect(database.owner_dsn) as connection:
        migrate.upgrade(connection)
        access.set_passwords(connection, {role: PASSWORDS[role] for role in roles.LOGINS})
    yield database

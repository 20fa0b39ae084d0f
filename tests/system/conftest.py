from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db import engine
from db.seed import demo, roster
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.integration.gateway import ends

VANS = 1
VAN = roster.enlist(units=2, gateways=VANS)[0]


@pytest.fixture
def seeded(database: Database) -> Database:
    """The demo's companies, people, fobs and geofences, and one van."""
    with engine.connect(database.owner_dsn) as connection:
        demo.plant(connection, units=2, gateways=VANS)
    return database


@pytest.fixture
def line(tmp_path: Path) -> Iterator[ends.Line]:
    made = ends.Line(tmp_path / "receiver")
    yield made
    made.unplug()


@pytest.fixture
def box(broker: RunningBroker, line: ends.Line, tmp_path: Path) -> Iterator[ends.Box]:
    """The van's gateway, on one line."""
    made = ends.Box(tmp_path, ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line))
    yield made
    made.kill()


@pytest.fixture
def rows(seeded: Database) -> Iterator["Rows"]:
    with psycopg.connect(seeded.owner_dsn, autocommit=True) as connection:
        yield Rows(connection)


class Rows:
    """What is committed."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def select(self, query: str) -> list[tuple[object, ...]]:
        return self._connection.execute(query.encode()).fetchall()

    def count(self, table: str) -> int:
        (found,) = self.select(f"SELECT count(*)::int FROM {table}")[0]
        assert isinstance(found, int)
        return found

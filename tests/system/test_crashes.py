"""kill -9 of every part in the middle of a run, each once: every fix that the gateway took is a row exactly once."""

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
import pytest

from db import access, engine, migrate, roles
from db.seed import demo
from stack import engine as programs
from stack import postgres, scratch
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import PASSWORDS
from tests.fixtures.ingest import IngestProcess
from tests.integration.gateway import ends

START = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
FIXES_BETWEEN_KILLS = 60
MARGIN = dt.timedelta(seconds=1)


@pytest.fixture
def durable_database(server_programs: programs.Engine) -> Iterator[postgres.Postgres]:
    """A server of its own, which waits for its disk as the real one does."""
    with (
        scratch.folder("durable") as folder,
        postgres.Postgres(programs=server_programs, folder=folder, durable=True) as server,
    ):
        with engine.connect(server.create_database("crashes")) as connection:
            migrate.upgrade(connection)
            access.set_passwords(connection, PASSWORDS)
            demo.plant(connection, units=1, gateways=1)
        yield server


@pytest.fixture
def durable_ingest(
    durable_database: postgres.Postgres, broker: RunningBroker, tmp_path: Path
) -> Iterator[IngestProcess]:
    dsn = durable_database.dsn("crashes", user=roles.BACKEND, password=PASSWORDS[roles.BACKEND])
    env = {"INGEST_DATABASE_URL": dsn, "INGEST_MQTT_URL": broker.url()}
    process = IngestProcess(env=env, folder=tmp_path, name="ingest")
    process.start()
    process.wait_until_at_work()
    yield process
    process.kill()


class Receiver:
    """Writes an epoch ten times a second, whatever happens around it, and remembers which."""

    def __init__(self, line: ends.Line) -> None:
        self.times: list[dt.datetime] = []
        self._line = line
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            moment = START + dt.timedelta(milliseconds=100 * len(self.times))
            self._line.second(f"{moment:%H%M%S}.{moment.microsecond // 10_000:02d}")
            self.times.append(moment)

    def wait_for_more(self) -> None:
        goal = len(self.times) + FIXES_BETWEEN_KILLS
        ends.eventually(lambda: len(self.times) >= goal, "the receiver goes on")


def stored(dsn: str) -> list[dt.datetime]:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(dsn) as connection:
        return [time for (time,) in connection.execute("SELECT time FROM fix ORDER BY time").fetchall()]
    return []


@pytest.mark.timeout(240)
def test_every_fix_that_the_gateway_took_is_a_row_exactly_once(
    durable_database: postgres.Postgres,
    broker: RunningBroker,
    durable_ingest: IngestProcess,
    box: ends.Box,
    line: ends.Line,
) -> None:
    box.start()
    box.says("is open at")
    with Receiver(line) as receiver:
        receiver.wait_for_more()
        durable_ingest.kill()
        receiver.wait_for_more()
        durable_ingest.start()
        durable_ingest.wait_until_at_work()

        broker.kill()
        receiver.wait_for_more()
        broker.start()
        receiver.wait_for_more()

        durable_database.kill()
        receiver.wait_for_more()
        durable_database.start()
        receiver.wait_for_more()

        last_before = receiver.times[-1]
        box.kill()
        box.start()
        box.says("is open at", times=2)
        first_after = receiver.times[-1]
        receiver.wait_for_more()
    line.second("130000.00")  # the start of a later epoch ends the last one

    # What stood in the line, or half assembled in memory, while the gateway was dead was never taken; nothing else may be missing.
    around_its_death = (last_before - MARGIN, first_after + MARGIN)
    must_be_there = {t for t in receiver.times if not around_its_death[0] <= t <= around_its_death[1]}
    dsn = durable_database.dsn("crashes")
    ends.eventually(lambda: must_be_there <= set(stored(dsn)), "what the gateway took is stored", limit_s=90)
    ends.eventually(lambda: "backlog   0 rows" in box.status().stdout, "the outbox is empty", limit_s=60)
    found = stored(dsn)
    assert len(found) == len(set(found))
    assert set(found) - set(receiver.times) <= {START.replace(hour=13)}

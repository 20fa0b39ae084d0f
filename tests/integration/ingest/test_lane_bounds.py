"""Each lane holds so many bytes and no more, whatever a device sends while nothing can be committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ingest import bounded_session, health, press_lane, settings, status_lane
from ingest.senders import owntracks_lane
from stack import broker_config
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_lanes import VAN, press, wait_for
from tests.integration.ingest.test_sender_queue import until
from tests.integration.stack import mqtt_probe

pytestmark = pytest.mark.timeout(120)

Lane = status_lane.StatusLane | press_lane.PressLane | owntracks_lane.OwnTracksLane
LONGEST_BYTES = broker_config.MOST_PAYLOAD_BYTES
COUNT = 30
STATUS = f"driveops/v1/acme/{VAN}/status"
PANIC = f"driveops/v1/acme/{VAN}/panic"
OWNTRACKS = f"owntracks/acme/{VAN}"
LANES = pytest.mark.parametrize(
    ("make", "topic"),
    [
        (status_lane.StatusLane, STATUS),
        (press_lane.PressLane, PANIC),
        (owntracks_lane.OwnTracksLane, OWNTRACKS),
    ],
)
"""Of each lane the class, and a topic that a device may write."""


@contextmanager
def no_rejects(acme: Acme) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Nothing can be kept as a reject until this is rolled back."""
    with psycopg.connect(acme.database.owner_dsn) as holding:
        holding.execute("LOCK TABLE reject IN ACCESS EXCLUSIVE MODE")
        yield holding
        holding.rollback()


def flood(broker: RunningBroker, topic: str, count: int = COUNT) -> None:
    """A device sends what nobody can read, each as long as the broker takes it, with its number in front."""
    with mqtt_probe.connected(broker, f"acme/{VAN}") as device:
        for number in range(count):
            device.publish(topic, f"{number:04}".encode() + b"x" * (LONGEST_BYTES - 4))


def numbers(acme: Acme) -> list[int]:
    """The numbers of what is kept among the rejects."""
    return [
        number
        for (number,) in acme.select("SELECT convert_from(substr(payload, 1, 4), 'UTF8')::int FROM reject ORDER BY 1")
    ]


def run(acme: Acme, broker: RunningBroker, make: type[Lane], steps: Callable[[Lane], Awaitable[None]]) -> int:
    """Run a lane beside these steps; the most that it ever held, in bytes."""
    env = {"INGEST_DATABASE_URL": acme.database.backend_dsn, "INGEST_MQTT_URL": broker.url()}
    most = 0

    async def watch(lane: Lane) -> None:
        nonlocal most
        while True:
            most = max(most, lane.session.weight)
            await asyncio.sleep(0.001)

    async def running() -> None:
        lane = make(settings.Settings.from_env(env), vitals=health.Vitals())
        watching, at_work = asyncio.create_task(watch(lane)), asyncio.create_task(lane.run())
        await until(lambda: lane.session.is_connected)
        await steps(lane)
        lane.stop()
        await at_work
        watching.cancel()

    asyncio.run(running())
    return most


@LANES
def test_a_lane_that_cannot_commit_reads_no_further_and_loses_nothing(
    acme: Acme, broker: RunningBroker, make: type[Lane], topic: str
) -> None:
    async def steps(lane: Lane) -> None:
        with no_rejects(acme) as holding:
            await asyncio.to_thread(flood, broker, topic)
            await until(lambda: lane.session.weight > bounded_session.MOST_BYTES)
            await asyncio.sleep(1)
            holding.rollback()
            await until(lambda: len(numbers(acme)) >= COUNT, limit_s=60)
            await until(lambda: lane.session.weight == 0)

    most = run(acme, broker, make, steps)

    assert most <= bounded_session.MOST_BYTES + 2 * LONGEST_BYTES < COUNT * LONGEST_BYTES // 2
    assert numbers(acme) == list(range(COUNT))


@LANES
def test_a_broker_that_restarts_meanwhile_is_read_again(
    acme: Acme, broker: RunningBroker, make: type[Lane], topic: str
) -> None:
    async def steps(lane: Lane) -> None:
        with no_rejects(acme) as holding:
            await asyncio.to_thread(flood, broker, topic)
            await until(lambda: lane.session.weight > bounded_session.MOST_BYTES)
            await asyncio.to_thread(broker.restart)
            await asyncio.sleep(2)
            holding.rollback()
            await until(lambda: len(set(numbers(acme))) == COUNT, limit_s=60)
            await until(lambda: lane.session.is_connected and lane.session.weight == 0)

    most = run(acme, broker, make, steps)

    # What is in hand comes again by the new connection, and is held twice at most.
    assert most <= 2 * (bounded_session.MOST_BYTES + 2 * LONGEST_BYTES)


def test_a_press_passes_statuses_that_wait_and_memory_stays_as_it_is(
    acme: Acme, broker: RunningBroker, ingest: IngestProcess
) -> None:
    before = resident_bytes(ingest)
    with no_rejects(acme):
        flood(broker, STATUS, 2 * COUNT)
        with mqtt_probe.connected(broker, f"acme/{VAN}") as device:
            device.publish(PANIC, press())
        wait_for(lambda: acme.select("SELECT FROM alert"), limit_s=5)
        time.sleep(1)
        assert resident_bytes(ingest) - before < 3 * bounded_session.MOST_BYTES < 2 * COUNT * LONGEST_BYTES // 2

    wait_for(lambda: acme.select("SELECT FROM reject HAVING count(*) = %s", 2 * COUNT), limit_s=60)
    assert numbers(acme) == list(range(2 * COUNT))


def resident_bytes(process: IngestProcess) -> int:
    """What a process has in memory now."""
    assert process.process is not None
    [line] = [
        line for line in Path(f"/proc/{process.process.pid}/status").read_text().splitlines() if line[:6] == "VmRSS:"
    ]
    return int(line.split()[1]) * 1024

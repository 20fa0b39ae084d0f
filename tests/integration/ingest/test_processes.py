"""Three ingest processes share the shards under load; one dies, one is stopped: order, number and presses stay right."""

import json
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from domain.wire import topics
from ingest import shards
from stack import broker_config
from tests import device_sender
from tests.device_sender import DeviceSender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess, start_together
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_crashes import message
from tests.integration.ingest.test_lanes import press, topic_of

pytestmark = pytest.mark.timeout(180)

_LEASES = f"""
SELECT l.objid::integer, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::bigint = {0x6472_6C73}
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Load:
    """All devices send in order, each message once, with a press now and then, until it is stopped."""

    def __init__(self, acme: Acme, broker: RunningBroker) -> None:
        self.rounds = 0
        self.presses: list[str] = []
        self._devices = acme.devices
        self._fixes = DeviceSender(broker.url(broker_config.FLEET), tenant="acme", resend_after_s=float("inf"))
        self._panic = device_sender.connect(broker.url(broker_config.FLEET), "press-sender")
        self._panic.loop_start()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def wait_for_rounds(self, count: int) -> None:
        goal = self.rounds + count
        while self.rounds < goal:
            time.sleep(0.02)

    def end(self) -> None:
        """Send no more; what is sent arrives, though a killed process may have told nobody of what it had committed."""
        self._stopping.set()
        self._thread.join()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._fixes.close()
        self._panic.disconnect()
        self._panic.loop_stop()

    def _run(self) -> None:
        while not self._stopping.wait(0.01):
            for device in self._devices:
                self._fixes.send(device, message(self.rounds))
            if self.rounds % 10 == 0:
                payload = press(len(self.presses), id=str(uuid.uuid4()), fob=f"F{len(self.presses)}")
                self.presses.append(json.loads(payload)["id"])
                self._panic.publish(topic_of(topics.Lane.PANIC, self._devices[0]), payload, qos=1)
            self.rounds += 1


@contextmanager
def loading(acme: Acme, broker: RunningBroker) -> Iterator[Load]:
    load = Load(acme, broker)
    try:
        yield load
    finally:
        load.close()


def leases(acme: Acme) -> dict[int, int]:
    """The backend process of each lease's holder."""
    return dict(acme.select(_LEASES))


def wait_until_shared(acme: Acme, processes: int, limit_s: float = 30.0) -> dict[int, int]:
    """All leases are held, by so many."""
    deadline = time.monotonic() + limit_s
    while len(found := leases(acme)) < len(shards.ALL) or len(set(found.values())) != processes:
        assert time.monotonic() < deadline, f"{len(found)} leases at {len(set(found.values()))} processes"
        time.sleep(0.05)
    return found


def assert_all_is_there_once(acme: Acme, load: Load) -> None:
    expected = sorted((device, seq) for device in acme.devices for seq in range(load.rounds * 3))
    deadline = time.monotonic() + 60
    while len(acme.stored()) < len(expected):
        assert time.monotonic() < deadline, f"{len(acme.stored())} of {len(expected)} fixes are stored"
        time.sleep(0.2)
    assert acme.stored() == expected
    # Sent in order and never again: nothing may have come to the rules out of it.
    assert acme.select("SELECT count(*) FROM fix WHERE late") == [(0,)]
    assert acme.select("SELECT coalesce(sum(out_of_order), 0), coalesce(sum(late), 0) FROM receipt_daily") == [(0, 0)]
    assert acme.select("SELECT DISTINCT sum(fixes) FROM activity_hourly GROUP BY device_id") == [(load.rounds * 3,)]
    wanted: list[tuple[Any, ...]] = sorted((each,) for each in load.presses)
    deadline = time.monotonic() + 20
    while sorted(acme.select("SELECT id::text FROM press")) != wanted:
        assert time.monotonic() < deadline, "a press is missing"
        time.sleep(0.1)
    assert acme.select("SELECT count(*), count(DISTINCT fob) FROM alert") == [(len(wanted), len(wanted))]


def test_of_three_under_load_one_is_killed_and_one_is_stopped(
    acme: Acme, broker: RunningBroker, make_ingest: IngestFactory
) -> None:
    first, second, third = (make_ingest() for _ in range(3))
    start_together(first, second, third)
    wait_until_shared(acme, 3)
    with loading(acme, broker) as load:
        load.wait_for_rounds(40)
        first.kill()
        wait_until_shared(acme, 2, limit_s=5)
        load.wait_for_rounds(40)
        assert second.stop() == 0
        wait_until_shared(acme, 1)
        load.wait_for_rounds(40)
        first.start()
        wait_until_shared(acme, 2)
        load.wait_for_rounds(40)
        load.end()
        assert_all_is_there_once(acme, load)


def test_a_frozen_one_loses_its_shards_and_does_no_harm_when_it_thaws(
    acme: Acme, broker: RunningBroker, make_ingest: IngestFactory
) -> None:
    frozen, other = make_ingest(), make_ingest()
    start_together(frozen, other)
    wait_until_shared(acme, 2)
    with loading(acme, broker) as load:
        load.wait_for_rounds(40)
        assert frozen.process is not None
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            wait_until_shared(acme, 1)
            load.wait_for_rounds(40)
        finally:
            frozen.process.send_signal(signal.SIGCONT)
        wait_until_shared(acme, 2)
        load.wait_for_rounds(40)
        load.end()
        assert_all_is_there_once(acme, load)


class TestAStop:
    def test_ends_though_the_database_hangs_and_nothing_is_lost(
        self, acme: Acme, broker: RunningBroker, ingest: IngestProcess
    ) -> None:
        with loading(acme, broker) as load:
            load.wait_for_rounds(5)
            with psycopg.connect(acme.database.owner_dsn) as holder:
                holder.execute("LOCK TABLE fix, press IN ACCESS EXCLUSIVE MODE")
                load.wait_for_rounds(5)
                assert ingest.stop() == 0
            assert "connected" not in ingest.vitals()
            ingest.start()
            load.end()
            assert_all_is_there_once(acme, load)

    def test_ends_though_the_broker_is_deaf(self, acme: Acme, broker: RunningBroker, ingest: IngestProcess) -> None:
        with loading(acme, broker) as load:
            load.wait_for_rounds(5)
            broker.server.process.signal(signal.SIGSTOP)
            try:
                assert ingest.stop() == 0
            finally:
                broker.server.process.signal(signal.SIGCONT)
            ingest.start()
            load.end()
            assert_all_is_there_once(acme, load)

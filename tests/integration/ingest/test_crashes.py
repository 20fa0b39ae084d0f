"""kill -9 in the middle of a stream: a device that keeps its fixes until they are acknowledged has each stored exactly once."""

import datetime as dt
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from domain import geo, telemetry
from domain.wire import fixes
from stack import broker_config, errors
from tests.device_sender import DeviceSender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess, start_together
from tests.integration.ingest.conftest import Acme, OwnServer

START = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
ROUNDS, EACH = 150, 3

pytestmark = pytest.mark.timeout(180)


def message(number: int) -> list[fixes.Numbered]:
    return [
        fixes.Numbered(
            seq=seq,
            fix=telemetry.Fix(
                time=START + dt.timedelta(seconds=seq),
                position=geo.Position(60.0 + seq * 1e-5, 24.9),
                mode=telemetry.FixMode.THREE_D,
            ),
        )
        for seq in range(number * EACH, (number + 1) * EACH)
    ]


@contextmanager
def streaming(sender: DeviceSender, acme: Acme) -> Iterator[None]:
    """All devices send for some 4 s while the block runs; at its end everything is sent."""

    def send() -> None:
        for number in range(ROUNDS):
            for device in acme.devices:
                sender.send(device, message(number))
            sender.resend_old()
            time.sleep(0.02)

    thread = threading.Thread(target=send)
    thread.start()
    yield
    thread.join()


def all_sent(acme: Acme) -> list[tuple[str, int]]:
    return sorted((device, seq) for device in acme.devices for seq in range(ROUNDS * EACH))


def assert_each_is_stored_once(acme: Acme) -> None:
    assert acme.stored() == all_sent(acme)
    # What follows from the fixes has counted each of them once as well.
    counted = acme.select("SELECT device_id, sum(fixes) FROM activity_hourly GROUP BY 1 ORDER BY 1")
    assert [int(count) for _, count in counted] == [ROUNDS * EACH] * len(acme.devices)


def run_through(acme: Acme, broker: RunningBroker, disturb: Callable[[], None], *, sends_again: bool = True) -> None:
    resend_after_s = 3.0 if sends_again else math.inf
    sender = DeviceSender(broker.url(broker_config.FLEET), tenant="acme", resend_after_s=resend_after_s)
    try:
        with streaming(sender, acme):
            time.sleep(1.5)
            disturb()
        if sends_again:
            sender.wait_until_acknowledged()
        else:
            wait_until_all_is_stored(acme)
    finally:
        sender.close()
    assert_each_is_stored_once(acme)


def wait_until_all_is_stored(acme: Acme, limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while missing := sorted(set(all_sent(acme)) - set(acme.stored())):
        assert time.monotonic() < deadline, f"{len(missing)} fixes are missing: {missing}"
        time.sleep(0.2)


@pytest.mark.parametrize("sends_again", [True, False])
def test_ingest_is_killed(acme: Acme, broker: RunningBroker, ingest: IngestProcess, *, sends_again: bool) -> None:
    def disturb() -> None:
        ingest.kill()
        time.sleep(0.5)
        ingest.start()

    # A tracker that never sends again loses nothing either: the sessions at the broker are those of the shards.
    run_through(acme, broker, disturb, sends_again=sends_again)


def test_the_broker_is_killed(acme: Acme, broker: RunningBroker, ingest: IngestProcess) -> None:
    def disturb() -> None:
        broker.kill()
        time.sleep(0.5)
        broker.start()

    run_through(acme, broker, disturb)
    assert "broker: connection lost" in ingest.log_file.read_text()


def test_the_database_is_killed(own_server: OwnServer, broker: RunningBroker, make_ingest: IngestFactory) -> None:
    process = make_ingest(INGEST_DATABASE_URL=own_server.acme.database.backend_dsn)
    process.start()
    process.wait_until_at_work()

    def disturb() -> None:
        own_server.server.process.kill()
        process.wait_until(lambda vitals: str(vitals.get("database")).startswith("away"))
        restart(own_server)

    run_through(own_server.acme, broker, disturb)
    log = process.log_file.read_text()
    assert "paused, everything in hand is kept" in log
    assert log.count("database: connected") == 2


def restart(own: OwnServer) -> None:
    """Its old processes may need a moment to notice that their postmaster is gone."""
    for _ in range(20):
        try:
            own.server.start()
        except errors.StackError:
            time.sleep(0.2)
        else:
            return
    own.server.start()


@pytest.mark.parametrize("sends_again", [True, False])
def test_of_two_processes_one_is_killed_and_the_other_takes_its_shards(
    acme: Acme, broker: RunningBroker, make_ingest: IngestFactory, *, sends_again: bool
) -> None:
    first, second = make_ingest(), make_ingest()
    start_together(first, second)

    def disturb() -> None:
        first.kill()
        second.wait_until(lambda vitals: vitals.get("shards") == 64, limit_s=10)

    run_through(acme, broker, disturb, sends_again=sends_again)


def test_a_clean_stop_acknowledges_what_it_took(acme: Acme, broker: RunningBroker, ingest: IngestProcess) -> None:
    codes = []

    def disturb() -> None:
        codes.append(ingest.stop())
        ingest.start()

    run_through(acme, broker, disturb)
    assert codes == [0]

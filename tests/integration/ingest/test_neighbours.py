"""Who sends the past, or hangs in the database, holds up nobody's present and no press."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from domain.wire import fixes, topics
from stack import broker_config
from tests.device_sender import DeviceSender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_crashes import message
from tests.integration.ingest.test_lanes import Wire, press, topic_of, wait_for, wire  # noqa: F401 - a fixture

pytestmark = pytest.mark.timeout(120)

_EACH = 3  # fixes of a message
_ARRAYS, _ARRAY = 40, 500
AWAY, OTHERS = "van-000", ("van-001", "van-002")
_TRANSACTIONS = """
SELECT d.name, f.seq, f.xmin::text::bigint FROM fix f JOIN device d ON d.id = f.device_id WHERE d.name = ANY(%s) ORDER BY 3
"""


def kept(number: int) -> list[fixes.Numbered]:
    """An array of a gateway that was away."""
    return [one for part in range(_ARRAY // _EACH) for one in message(number * (_ARRAY // _EACH) + part)]


def until(reached: Callable[[], bool], limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def rows(acme: Acme, devices: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return acme.select(_TRANSACTIONS, list(devices))


def test_what_is_new_is_committed_before_the_past_that_came_with_it(
    acme: Acme, broker: RunningBroker, ingest: IngestProcess
) -> None:
    sender = DeviceSender(broker.url(broker_config.FLEET), tenant="acme", resend_after_s=float("inf"))
    try:
        sender.send(AWAY, message(100_000))
        until(lambda: len(rows(acme, (AWAY,))) == _EACH)
        assert ingest.stop() == 0  # what follows waits at the broker, and comes at once
        for number in range(_ARRAYS):
            sender.send(AWAY, kept(number))
        for other in OTHERS:
            sender.send(other, message(0))
        sender.send(AWAY, message(100_001))
        ingest.start()
        sender.wait_until_acknowledged(60.0)
    finally:
        sender.close()
    past = [xid for _, seq, xid in rows(acme, (AWAY,)) if seq < 100_000 * _EACH]
    assert len(past) == _ARRAYS * len(kept(0))
    present = [xid for _, _, xid in rows(acme, OTHERS)]
    present += [xid for _, seq, xid in rows(acme, (AWAY,)) if seq >= 100_001 * _EACH]
    before = [xid for xid in past if xid <= max(present)]
    assert len(before) < len(past) / 2, "all of the past went first"
    assert acme.select("SELECT sum(fixes)::integer FROM activity_hourly") == [(len(past) + (2 + len(OTHERS)) * _EACH,)]


def test_a_press_does_not_wait_for_fixes_that_hang(acme: Acme, wire: Wire, ingest: IngestProcess) -> None:  # noqa: F811
    with psycopg.connect(acme.database.owner_dsn) as holder:
        holder.execute("LOCK TABLE fix IN ACCESS EXCLUSIVE MODE")
        wire.send(topic_of(topics.Lane.FIXES, AWAY), fixes.encode(message(0)))
        until(lambda: bool(acme.select("SELECT FROM pg_locks WHERE NOT granted AND relation = 'fix'::regclass")))
        wire.send(topic_of(topics.Lane.PANIC, AWAY), press(1, id=str(uuid.uuid4())))
        wire.wait_for(topic_of(topics.Lane.ACK, AWAY))
        assert acme.select("SELECT count(*) FROM alert") == [(1,)]
        assert acme.select("SELECT FROM pg_locks WHERE NOT granted AND relation = 'fix'::regclass")
    wait_for(lambda: rows(acme, (AWAY,)))

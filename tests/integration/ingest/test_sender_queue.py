"""The queue that stands beside the sessions at the broker: read by shard, in order, kept until it is acknowledged."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable

import psycopg

from db import sender_queue
from ingest import subscriber
from ingest.senders import queue_session
from tests.integration.ingest.conftest import Acme

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NAME = "driveops sender queue"


def put(acme: Acme, *parts: tuple[int, str]) -> None:
    """Messages, as shard and payload, in one transaction."""
    messages = [
        sender_queue.NewMessage(
            tenant_id=acme.tenant_id, shard=shard, topic=f"t/{shard}", payload=payload.encode(), received_at=NOW
        )
        for shard, payload in parts
    ]
    with psycopg.connect(acme.database.backend_dsn) as connection:
        sender_queue.add(connection, messages)


def left(acme: Acme) -> list[str]:
    return [bytes(payload).decode() for (payload,) in acme.select("SELECT payload FROM sender_queue ORDER BY id")]


class Reader:
    """A session, and what it has brought."""

    def __init__(self, acme: Acme) -> None:
        self.weight = 0
        self.session = queue_session.QueueSession(acme.database.backend_dsn, on_messages=self._note)
        self.taken = list[tuple[int, subscriber.Taken]]()

    def _note(self, weight: int) -> None:
        self.weight += weight

    async def payloads(self, count: int) -> list[str]:
        """All that was taken so far, once it is so much."""
        await until(lambda: len(self._payloads()) >= count)
        return self._payloads()

    def _payloads(self) -> list[str]:
        self.taken += self.session.take()
        return [payload.decode() for _, taken in self.taken for payload in taken.messages.payloads]

    def acknowledge(self) -> None:
        for _, taken in self.taken:
            taken.connection.acknowledge(taken.messages.packet_ids)


async def until(reached: Callable[[], bool], limit_s: float = 10.0) -> None:
    deadline = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < deadline, "it has not come"
        await asyncio.sleep(0.02)


def run(acme: Acme, steps: Callable[[Reader], Awaitable[None]]) -> None:
    async def running() -> None:
        reader = Reader(acme)
        reader.session.start()
        try:
            await steps(reader)
        finally:
            await reader.session.stop()

    asyncio.run(running())


def test_brings_the_messages_of_its_shards_in_order_and_no_others(acme: Acme) -> None:
    put(acme, (1, "a"), (2, "b"), (3, "c"), (1, "d"))

    async def steps(reader: Reader) -> None:
        reader.session.hold([1, 3])
        assert sorted(await reader.payloads(3)) == ["a", "c", "d"]
        of_one = [payload for shard, taken in reader.taken if shard == 1 for payload in taken.messages.payloads]
        assert of_one == [b"a", b"d"]
        assert reader.weight == 6, "a byte and the message for each"

    run(acme, steps)


def test_keeps_what_is_not_acknowledged_for_the_next_holder(acme: Acme) -> None:
    put(acme, (1, "a"), (1, "b"))

    async def read_only(reader: Reader) -> None:
        reader.session.hold([1])
        await reader.payloads(2)

    async def read_and_write(reader: Reader) -> None:
        reader.session.hold([1])
        assert await reader.payloads(2) == ["a", "b"]
        reader.acknowledge()
        await until(lambda: left(acme) == [])

    run(acme, read_only)
    assert left(acme) == ["a", "b"]
    run(acme, read_and_write)


def test_brings_nothing_twice_while_it_is_in_hand(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        put(acme, (1, "a"))
        await reader.payloads(1)
        put(acme, (1, "b"))
        assert await reader.payloads(2) == ["a", "b"]
        # Longer than it looks again without a notice.
        await asyncio.sleep(queue_session._LONG_LOOK_S * 1.5)
        assert await reader.payloads(2) == ["a", "b"]

    run(acme, steps)


def test_drops_what_it_holds_no_more_and_brings_it_again_when_it_does(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        put(acme, (1, "a"))
        await until(lambda: reader.weight > 0)
        reader.session.hold([])
        assert list(reader.session.take()) == []
        reader.session.hold([1])
        assert await reader.payloads(1) == ["a"]

    run(acme, steps)


def test_what_is_acknowledged_at_the_end_is_gone(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        put(acme, (1, "a"))
        await reader.payloads(1)
        reader.acknowledge()

    run(acme, steps)
    assert left(acme) == []


def test_reads_no_further_while_it_is_paused(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.pause()
        reader.session.hold([1])
        put(acme, (1, "a"))
        await asyncio.sleep(queue_session._LONG_LOOK_S * 1.5)
        assert reader.weight == 0
        reader.session.resume()
        assert await reader.payloads(1) == ["a"]

    run(acme, steps)


def test_a_message_whose_transaction_ends_late_is_not_passed_by(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        with psycopg.connect(acme.database.backend_dsn) as slow:
            early = sender_queue.NewMessage(
                tenant_id=acme.tenant_id, shard=1, topic="t", payload=b"early", received_at=NOW
            )
            sender_queue.add(slow, [early])
            put(acme, (1, "late"))
            assert await reader.payloads(1) == ["late"]
            slow.commit()
            assert await reader.payloads(2) == ["late", "early"]

    run(acme, steps)


def test_more_than_it_may_have_in_hand_waits(acme: Acme) -> None:
    most = queue_session._MOST_IN_HAND
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO sender_queue (tenant_id, received_at, shard, topic, payload)"
            " SELECT %s, now(), 1, 't', convert_to(n::text, 'UTF8') FROM generate_series(1, %s) n",
            [acme.tenant_id, most + 10],
        )

    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        assert len(await reader.payloads(most)) == most
        await asyncio.sleep(queue_session._LONG_LOOK_S * 1.5)
        assert len(await reader.payloads(most)) == most
        reader.acknowledge()
        assert await reader.payloads(most + 10) == [str(number) for number in range(1, most + 11)]

    run(acme, steps)


def test_a_pause_holds_however_long_the_messages_are(acme: Acme) -> None:
    count, length = 60, 1 << 20
    put(acme, *((1, f"{number:02}" + "x" * (length - 2)) for number in range(count)))

    async def steps(reader: Reader) -> None:
        def pause(weight: int) -> None:
            reader.weight += weight
            reader.session.pause()

        reader.session._on_messages = pause
        reader.session.hold([1])
        await until(lambda: reader.weight > 0)
        await asyncio.sleep(queue_session._LONG_LOOK_S * 1.5)
        assert reader.weight < count * length // 3
        reader.session._on_messages = reader._note
        reader.session.resume()
        assert [payload[:2] for payload in await reader.payloads(count)] == [f"{number:02}" for number in range(count)]

    run(acme, steps)


def test_a_database_that_comes_back_is_read_again(acme: Acme) -> None:
    async def steps(reader: Reader) -> None:
        reader.session.hold([1])
        put(acme, (1, "a"))
        await reader.payloads(1)
        acme.select("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", NAME)
        reader.acknowledge()
        put(acme, (1, "b"))
        assert await reader.payloads(2) == ["a", "b"]
        await until(lambda: left(acme) == ["b"])

    run(acme, steps)

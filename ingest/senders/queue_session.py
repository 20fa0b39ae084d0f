"""The queue of messages that did not come over the broker, read as a session at the broker is: by the shards that are held.

A thread of its own reads what waits and deletes what is acknowledged. What is read and not acknowledged stays: another holder
of the shard reads it again, and the pipeline knows what it has.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import psycopg

from db import engine, notices, sender_queue
from ingest import mqtt_connection, subscriber

logger = logging.getLogger(__name__)

_MOST_IN_HAND = 5_000
_MOST_READ = 1_000
_MOST_READ_BYTES = 4 << 20
"""At once: reading pauses between two reads, once the inbox is full."""
_LOOK_AGAIN_S = 0.2
_LONG_LOOK_S = 1.0
"""A notice tells of new messages; this is for one that was missed, and for shards that are new here."""
_RETRY_S = 1.0
_COUNT_EVERY_S = 5.0
"""Counting is for those who watch; it reads what waits, so it goes by the clock and not by how often they ask."""


class _Acknowledged:
    """The place of a connection to the broker."""

    def __init__(self, note: Callable[[Sequence[int]], None]) -> None:
        self._note = note

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """These are written."""
        self._note(packet_ids)


class QueueSession:
    """The messages of all shards that this process holds."""

    def __init__(self, database_url: str, *, on_messages: Callable[[int], None]) -> None:
        self.depth = 0  #: messages that waited when they were counted last, of all shards
        self._next_count_s = 0.0
        self._database_url = database_url
        self._on_messages = on_messages
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection = _Acknowledged(self._note_done)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # guards what both sides change:
        self._held: frozenset[int] = frozenset()
        self._in_hand: dict[int, int] = {}  # shard by id
        self._done: list[int] = []
        self._reading = True
        self._arrived: list[sender_queue.Message] = []  # the loop's alone

    def start(self) -> None:
        """Read from now on; nothing happens where it does so already."""
        if self._thread is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="ingest-sender-queue", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Delete what is acknowledged, and read no more."""
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _LONG_LOOK_S * 5)

    def hold(self, shards: Collection[int]) -> None:
        """Read these shards and no others; what is in hand of the others is another process's now."""
        with self._lock:
            self._held = frozenset(shards)
            self._in_hand = {number: shard for number, shard in self._in_hand.items() if shard in self._held}
        self._arrived = [message for message in self._arrived if message.shard in self._held]

    def take(self) -> Iterable[tuple[int, subscriber.Taken]]:
        """What has been read since the last call, with its shard."""
        arrived, self._arrived = self._arrived, []
        by_shard: dict[int, mqtt_connection.Messages] = {}
        for message in arrived:
            messages = by_shard.setdefault(message.shard, mqtt_connection.Messages())
            messages.topics.append(message.topic)
            messages.payloads.append(message.payload)
            messages.packet_ids.append(message.id)
        for shard, messages in by_shard.items():
            yield shard, subscriber.Taken(self._connection, messages)

    def pause(self) -> None:
        """Read no further."""
        self._reading = False

    def resume(self) -> None:
        """Read on."""
        self._reading = True

    def _note_done(self, ids: Sequence[int]) -> None:
        with self._lock:
            self._done += ids

    def _deliver(self, messages: Sequence[sender_queue.Message]) -> None:
        """In the loop: give what was read to whoever takes it, unless its shard has gone meanwhile."""
        mine = [message for message in messages if message.shard in self._held]
        self._arrived += mine
        if mine:
            self._on_messages(sum(len(message.payload) + 1 for message in mine))

    # The thread.

    def _run(self) -> None:
        told = False
        while not self._stopping.is_set():
            try:
                with contextlib.closing(self._open()) as connection:
                    told = False
                    self._read_on(connection)
            except psycopg.Error as error:
                logger.log(logging.DEBUG if told else logging.WARNING, "the senders' queue waits: %s", error)
                told = True
                self._stopping.wait(_RETRY_S)

    def _open(self) -> psycopg.Connection[Any]:
        connection = engine.open_connection(
            self._database_url, application_name="driveops sender queue", limits=engine.LANE_LIMITS, autocommit=True
        )
        connection.execute(f"LISTEN {notices.SENDER_QUEUE}")
        return connection

    def _read_on(self, connection: psycopg.Connection[Any]) -> None:
        next_look_s = 0.0
        while not self._stopping.is_set():
            self._delete_done(connection)
            self._count(connection)
            if not self._read(connection):
                next_look_s = time.monotonic() + _LONG_LOOK_S
                while time.monotonic() < next_look_s and not self._has_done() and not self._stopping.is_set():
                    if any(True for _ in connection.notifies(timeout=_LOOK_AGAIN_S, stop_after=1)):
                        break
        self._delete_done(connection)

    def _read(self, connection: psycopg.Connection[Any]) -> bool:
        """Read what waits; whether there may be more of it."""
        with self._lock:
            held, in_hand = self._held, list(self._in_hand)
        room = min(_MOST_READ, _MOST_IN_HAND - len(in_hand))
        if not held or room <= 0 or not self._reading:
            return False
        found = sender_queue.read(connection, held, in_hand=in_hand, most=room, most_bytes=_MOST_READ_BYTES)
        is_cut = len(found) == _MOST_READ or sum(len(message.payload) for message in found) >= _MOST_READ_BYTES
        with self._lock:
            found = [message for message in found if message.shard in self._held]
            self._in_hand |= {message.id: message.shard for message in found}
        if found and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: what is read stays in the queue
                self._loop.call_soon_threadsafe(self._deliver, found)
        return is_cut

    def _count(self, connection: psycopg.Connection[Any]) -> None:
        if time.monotonic() >= self._next_count_s:
            self.depth = sender_queue.depth(connection)
            self._next_count_s = time.monotonic() + _COUNT_EVERY_S

    def _has_done(self) -> bool:
        with self._lock:
            return bool(self._done)

    def _delete_done(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            done, self._done = self._done, []
        if not done:
            return
        try:
            sender_queue.take(connection, done)
        except psycopg.Error:
            self._note_done(done)
            raise
        with self._lock:
            for number in done:
                self._in_hand.pop(number, None)

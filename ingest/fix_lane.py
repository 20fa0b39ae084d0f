"""The fixes lane: sessions of the shards that this process holds, batches of what they bring, commits, acknowledgements.

One coroutine drives the worker, so that leases and batches never get in each other's way.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from domain.wire import topics
from ingest import downlink, errors, health, inbox, settings, shards, subscriber, worker

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LEASE_TICK_S = 1.0
_FIRST_WAIT_S, _GROWTH, _LONGEST_WAIT_S = 0.1, 1.6, 5.0
_DRAIN_LIMIT_S = 20.0


class FixLane:
    """Reads, commits and acknowledges fixes until it is stopped."""

    def __init__(
        self,
        choice: settings.Settings,
        *,
        out: downlink.Downlink,
        vitals: health.Vitals,
        on_leases: Callable[[frozenset[int]], None],
    ) -> None:
        self.worker = worker.Worker(choice.database_url)
        self._choice = choice
        self._out = out
        self._vitals = vitals
        self._on_leases = on_leases
        self._held: frozenset[int] = frozenset()
        self._sessions: dict[int, subscriber.Subscriber] = {}
        self._inbox = inbox.Inbox(most_bytes=choice.memory_bytes, on_full=self._pause_reading)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-worker")
        self._stopping = asyncio.Event()
        self._next_lease_tick_s = 0.0
        self._connected = False

    @property
    def is_connected(self) -> bool:
        """Whether every session stands."""
        return all(session.connection is not None for session in self._sessions.values())

    async def run(self) -> None:
        """Work until `stop` is called and everything in hand is committed."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                await self._look_after_leases()
                await self._wait_for_messages()
                await self._commit_next()
                wait_s = _FIRST_WAIT_S
            except errors.DatabaseAwayError as error:
                await self._pause(error, wait_s)
                wait_s = min(_LONGEST_WAIT_S, wait_s * _GROWTH)
        await self._drain()
        await self._leave()

    def stop(self) -> None:
        """End `run` cleanly."""
        self._stopping.set()
        self._inbox.arrived.set()

    async def _look_after_leases(self) -> None:
        """Connect where there is no connection, then move towards a fair share of the leases."""
        now_s = time.monotonic()
        if self._connected and now_s < self._next_lease_tick_s:
            return
        self._next_lease_tick_s = now_s + _LEASE_TICK_S
        await self._in_thread(self.worker.connect)
        seen = await self._in_thread(self.worker.see_leases)
        plan = shards.plan(seen, preferred=self._held)
        if plan.release:
            # Sessions first: what the broker sends from now on waits there for the next holder.
            await self._close_sessions(plan.release)
            await self._in_thread(self.worker.release_leases, plan.release)
        taken = await self._in_thread(self.worker.take_leases, plan.take) if plan.take else frozenset()
        await self._hold((seen.mine | taken) - plan.release)
        if not self._connected:
            self._connected = True
            self._vitals.database = "connected"
            logger.info("database: connected")

    async def _hold(self, held: frozenset[int]) -> None:
        """Have a session for each shard that is held, and none for others."""
        await self._close_sessions(self._sessions.keys() - held)
        for lease in sorted(held & frozenset(range(topics.SHARDS))):
            session = self._sessions.get(lease)
            if session is not None and session.taken_over:
                # Another process had the lease for a while; it is ours again.
                await self._close_sessions([lease])
                session = None
            if session is None:
                self._sessions[lease] = self._open_session(lease)
        if held != self._held:
            logger.info("leases held", extra={"held": len(held), "before": len(self._held)})
        self._held = held
        self._vitals.shards = len(self._sessions)
        self._on_leases(held)

    def _open_session(self, lease: int) -> subscriber.Subscriber:
        subscription = subscriber.Subscription(
            client_id=f"driveops-ingest-{lease:02x}",
            filters=[topics.shard_filter(lease)],
            window=self._choice.window,
        )
        session = subscriber.Subscriber(subscription, self._choice.broker, on_messages=self._inbox.note_arrival)
        session.start()
        return session

    async def _close_sessions(self, leases: Collection[int]) -> None:
        for lease in list(leases):
            session = self._sessions.pop(lease, None)
            if session is not None:
                self._inbox.collect([(lease, session)])
                await session.stop()
        self._inbox.drop(leases)

    async def _wait_for_messages(self) -> None:
        """Until a batch is full or old enough, or the leases want to be looked after."""
        choice = self._choice
        if not self._inbox:
            limit_s = max(0.0, self._next_lease_tick_s - time.monotonic())
            try:
                async with asyncio.timeout(limit_s):
                    await self._inbox.arrived.wait()
            except TimeoutError:
                return
        if self._inbox.collect(self._sessions.items()) < choice.batch_messages:
            await asyncio.sleep(max(0.0, choice.batch_age_s - self._inbox.age_s(time.monotonic())))
            self._inbox.collect(self._sessions.items())

    async def _commit_next(self) -> None:
        batch = self._inbox.next_batch(most_messages=self._choice.batch_messages, most_bytes=self._choice.batch_bytes)
        if not batch:
            return
        names = [topic for segment in batch for topic in segment.messages.topics]
        payloads = [payload for segment in batch for payload in segment.messages.payloads]
        received_us = time.time_ns() // 1_000
        try:
            outcome = await self._in_thread(self.worker.process, names, payloads, received_us)
        except errors.DatabaseAwayError:
            self._inbox.put_back(batch)
            raise
        for segment in batch:
            segment.connection.acknowledge([packet for packet in segment.messages.packet_ids if packet])
            self._inbox.note_done(segment.weight)
        self._out.take(outcome, self.worker.state)
        self._vitals.count(outcome, messages=len(payloads))

    async def _pause(self, error: errors.DatabaseAwayError, wait_s: float) -> None:
        if self._connected:
            logger.error("database: %s; paused, everything in hand is kept", error)
            self._vitals.database = f"away: {error}"
        self._connected = False
        try:
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _drain(self) -> None:
        """Commit what is in hand; what can't be stays with the broker, unacknowledged."""
        for session in self._sessions.values():
            session.pause()
        self._inbox.collect(self._sessions.items())
        try:
            async with asyncio.timeout(_DRAIN_LIMIT_S):
                while self._inbox:
                    await self._commit_next()
        except (errors.DatabaseAwayError, TimeoutError) as error:
            logger.warning("stopping with messages in hand, the broker keeps them: %s", error or "took too long")

    async def _leave(self) -> None:
        await asyncio.gather(*(session.stop() for session in self._sessions.values()))
        self._on_leases(frozenset())
        await self._in_thread(self.worker.close)
        self._thread.shutdown()

    def _pause_reading(self, full: bool) -> None:  # noqa: FBT001 - a callback of one flag
        logger.log(
            logging.WARNING if full else logging.INFO,
            "memory limit reached, reading pauses" if full else "reading goes on",
        )
        for session in self._sessions.values():
            (session.pause if full else session.resume)()

    async def _in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)

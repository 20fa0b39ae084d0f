"""The fixes lane: batches of what the shards' sessions bring, their commits, and the acknowledgements that follow.

One coroutine drives the worker, so that leases and batches never get in each other's way. While one batch is being
committed the next one is prepared; only one that holds late fixes is waited for, since what it changes is not known yet. Those
are few at a time and come in turn with the others (ingest.inbox), so that whoever sends the past holds up nobody's present.
"""

import asyncio
import contextlib
import functools
import logging
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from ingest import downlink, errors, health, inbox, metrics, pipeline, settings, shard_sessions, shards, worker

logger = logging.getLogger(__name__)

T = TypeVar("T")

_LEASE_TICK_S = 1.0
_FIRST_WAIT_S, _GROWTH, _LONGEST_WAIT_S = 0.1, 1.6, 5.0
_ASIDE_MESSAGES, _ASIDE_BYTES = 500, 64 * 1024
"""What is derived anew at once: one array of a gateway that was away, more or less."""
_DRAIN_LIMIT_S = 5.0
"""So long after a stop what is in hand may be committed; who ends containers grants ten seconds by default."""
_INTERRUPT_AGAIN_S = 1.0
_SWITCH_INTERVAL_S = 0.001
"""A thread that hears from the database waits so long at most for one that computes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """A batch on its way into the database."""

    segments: Sequence[inbox.Segment]
    batch: pipeline.Batch
    task: asyncio.Task[None]


class FixLane:
    """Reads, commits and acknowledges fixes until it is stopped."""

    def __init__(
        self,
        choice: settings.Settings,
        *,
        out: downlink.Downlink,
        vitals: health.Vitals,
        on_leases: Callable[[frozenset[int]], None],
        figures: metrics.Metrics,
    ) -> None:
        self.worker = worker.Worker(choice.database_url, on_batch=figures.note_batch)
        self._figures = figures
        self._choice = choice
        self._out = out
        self._vitals = vitals
        self._on_leases = on_leases
        self._held: frozenset[int] = frozenset()
        self._inbox = inbox.Inbox(most_weight=choice.memory_bytes, on_full=self._pause_reading)
        figures.inbox_bytes["fixes"] = lambda: self._inbox.weight
        self._sessions = shard_sessions.ShardSessions(choice, on_messages=self._inbox.note_arrival)
        figures.queue_depth = lambda: self._sessions.queue_depth
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="ingest-prepare")
        self._committing = ThreadPoolExecutor(1, thread_name_prefix="ingest-commit")
        self._commit: _Commit | None = None
        self._stopping = asyncio.Event()
        self._next_lease_tick_s = 0.0
        self._is_database_there = False
        self._has_left = False
        sys.setswitchinterval(_SWITCH_INTERVAL_S)

    @property
    def is_connected(self) -> bool:
        """Whether every session stands."""
        return self._sessions.are_connected

    async def run(self) -> None:
        """Work until `stop` is called and everything in hand is committed."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                await self._look_after_leases()
                await self._wait_for_messages()
                await self._take_next_batch()
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
        asyncio.get_running_loop().call_later(_DRAIN_LIMIT_S, self._interrupt)

    # Leases.

    async def _look_after_leases(self) -> None:
        """Connect where there is no connection, then move towards a fair share of the leases."""
        if self._is_database_there and time.monotonic() < self._next_lease_tick_s:
            return
        self._next_lease_tick_s = time.monotonic() + _LEASE_TICK_S
        await self._finish_commit()
        await self._run(self.worker.connect)
        seen = await self._run(self.worker.see_leases)
        self._out.publish(self.worker.take_messages())
        plan = shards.plan(seen, preferred=self._held)
        if plan.release:
            # Sessions first: what the broker sends from now on waits there for the next holder.
            await self._close_sessions(plan.release)
            await self._run(self.worker.release_leases, plan.release)
        taken = await self._run(self.worker.take_leases, plan.take) if plan.take else frozenset()
        await self._hold((seen.mine | taken) - plan.release)
        if not self._is_database_there:
            self._is_database_there = True
            self._vitals.database = health.CONNECTED
            logger.info("database: connected")

    async def _hold(self, held: frozenset[int]) -> None:
        await self._close_sessions(self._sessions.to_close(held))
        self._sessions.open(held)
        if held != self._held:
            logger.info("leases held", extra={"held": len(held), "before": len(self._held)})
        self._held = held
        self._vitals.shards = len(self._sessions)
        self._on_leases(held)

    async def _close_sessions(self, leases: frozenset[int]) -> None:
        if leases:
            self._inbox.collect(self._sessions.take())
            await self._sessions.close(leases)
            self._inbox.drop(leases)

    # Batches.

    async def _wait_for_messages(self) -> None:
        """Until a batch is full or old enough, or the leases want to be looked after."""
        if not self._inbox and not self._inbox.arrived.is_set():
            await self._finish_commit()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, self._next_lease_tick_s - time.monotonic())):
                    await self._inbox.arrived.wait()
        if self._inbox.collect(self._sessions.take()) < self._choice.batch_messages:
            age_s = self._inbox.age_s(time.monotonic())
            await asyncio.sleep(max(0.0, self._choice.batch_age_s - age_s))
            self._inbox.collect(self._sessions.take())

    async def _take_next_batch(self) -> None:
        """Prepare a batch, and begin to commit it when the one before is in the database."""
        if self._commit is not None and self._commit.batch.changes_the_past:
            await self._finish_commit()
        is_aside = self._inbox.is_turn_of_aside
        segments = self._cut_batch(is_aside=is_aside)
        if not segments:
            return
        try:
            batch = await self._prepare(segments, sets_late_aside=not is_aside)
            if batch.late_messages:
                segments = self._inbox.set_aside(segments, batch.late_messages)
                if not segments:
                    return
                batch = await self._prepare(segments)
            if await self._finish_commit():
                batch = await self._prepare(segments)
        except errors.BatchRefusedError as error:
            await self._finish_commit()
            await self._take_apart(segments, _bare(segments), error)
            return
        except errors.DatabaseAwayError:
            self._inbox.put_back(segments)
            raise
        task = asyncio.create_task(self._write(segments, batch), name="commit")
        self._commit = _Commit(segments=segments, batch=batch, task=task)

    def _cut_batch(self, *, is_aside: bool) -> list[inbox.Segment]:
        if is_aside:
            return self._inbox.next_aside(most_messages=_ASIDE_MESSAGES, most_weight=_ASIDE_BYTES)
        return self._inbox.next_batch(most_messages=self._choice.batch_messages, most_weight=self._choice.batch_bytes)

    async def _prepare(self, segments: Sequence[inbox.Segment], *, sets_late_aside: bool = False) -> pipeline.Batch:
        bare = _bare(segments)
        prepare = functools.partial(self.worker.prepare, sets_late_aside=sets_late_aside)
        prepared = asyncio.get_running_loop().run_in_executor(
            self._preparing, prepare, bare.topics, bare.payloads, bare.received_us
        )
        while not (await asyncio.wait({prepared}, timeout=_LEASE_TICK_S))[0]:
            with contextlib.suppress(errors.DatabaseAwayError):  # the commit that follows fails
                await self._run(self.worker.keep_leases)
        return await prepared

    async def _write(self, segments: Sequence[inbox.Segment], batch: pipeline.Batch) -> None:
        self._acknowledge(segments, await self._run(self.worker.commit, batch))

    async def _finish_commit(self) -> bool:
        """Wait for the commit that is under way; True where what was prepared meanwhile must be prepared again."""
        commit, self._commit = self._commit, None
        if commit is None:
            return False
        try:
            await commit.task
        except errors.BatchRefusedError as error:
            await self._take_apart(commit.segments, commit.batch, error)
            return True
        except errors.DatabaseAwayError:
            self._inbox.put_back(commit.segments)
            raise
        return False

    async def _take_apart(
        self, segments: Sequence[inbox.Segment], batch: pipeline.Batch, refusal: errors.BatchRefusedError
    ) -> None:
        logger.warning("%s; taking it apart", refusal)
        try:
            outcome = await self._run(self.worker.commit_in_parts, batch)
        except errors.DatabaseAwayError:
            self._inbox.put_back(segments)
            raise
        self._acknowledge(segments, outcome)

    def _acknowledge(self, segments: Sequence[inbox.Segment], outcome: worker.Outcome) -> None:
        now_s = time.monotonic()
        for segment in segments:
            self._figures.note_wait(now_s - segment.arrived_s, len(segment.messages))
            segment.connection.acknowledge([packet for packet in segment.messages.packet_ids if packet])
            self._inbox.note_done(segment.weight)
        self._out.take(outcome, self.worker.state)
        self._vitals.count(outcome)

    # Trouble and the end.

    async def _pause(self, error: errors.DatabaseAwayError, wait_s: float) -> None:
        if self._is_database_there:
            logger.error("database: %s; paused, everything in hand is kept", error)
        self._vitals.database = f"away: {error}"
        self._is_database_there = False
        with contextlib.suppress(errors.DatabaseAwayError):
            await self._finish_commit()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._stopping.wait()

    async def _drain(self) -> None:
        """Commit what is in hand; what can't be stays with the broker, unacknowledged."""
        self._sessions.pause()
        self._inbox.collect(self._sessions.take())
        try:
            async with asyncio.timeout(_DRAIN_LIMIT_S):
                while self._inbox:
                    await self._take_next_batch()
                await self._finish_commit()
        except (errors.DatabaseAwayError, TimeoutError) as error:
            logger.warning("stopping with messages in hand, the broker keeps them: %s", error or "took too long")

    def _interrupt(self) -> None:
        """End statements that hang, on a lock for instance, again and again until `run` has ended: nothing is lost by it."""
        if not self._has_left:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, self.worker.interrupt)
            loop.call_later(_INTERRUPT_AGAIN_S, self._interrupt)

    async def _leave(self) -> None:
        await self._sessions.close_all()
        self._on_leases(frozenset())
        await self._run(self.worker.close)
        self._has_left = True
        for thread in (self._preparing, self._committing):
            thread.shutdown()

    def _pause_reading(self, full: bool) -> None:  # noqa: FBT001 - a callback of one flag
        if full:
            logger.warning("memory limit reached, reading pauses")
            self._sessions.pause()
        else:
            logger.info("reading goes on")
            self._sessions.resume()

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._committing, call, *arguments)


def _bare(segments: Sequence[inbox.Segment]) -> pipeline.Batch:
    """The messages of these segments, nothing computed yet."""
    return pipeline.Batch(
        topics=[topic for segment in segments for topic in segment.messages.topics],
        payloads=[payload for segment in segments for payload in segment.messages.payloads],
        received_us=time.time_ns() // 1_000,
    )

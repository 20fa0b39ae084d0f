"""The side of ingest behind the edge: prepares batches in one thread and commits them in another.

`prepare` may run beside `commit`, nothing else beside anything. The leases are held on the connection that writes, so that a
process that has lost them can't commit either; look-ups have a connection of their own.
"""

import contextlib
import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import psycopg

from db import device_lookup, duty, engine, fence_store, leases, notices, quality_rules
from ingest import absences, away, batch_store, errors, fence_edits, fence_notices, lookups, pipeline

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Parameters are arrays and never tell the planner anything: one plan is as good as the next.
_LOOKUP_OPTIONS = "-c timezone=UTC -c plan_cache_mode=force_generic_plan"
_LEASE_OPTIONS = " ".join(
    f"-c {option}"
    for option in (
        # A process whose machine vanishes, or that is frozen, must not keep its leases: one that works is heard of each second
        # (`keep_leases`), but for transactions that compute between their statements.
        "idle_session_timeout=3000",
        "idle_in_transaction_session_timeout=3000",
        "tcp_keepalives_idle=1",
        "tcp_keepalives_interval=1",
        "tcp_keepalives_count=2",
        "tcp_user_timeout=3000",  # goes before the count
        "client_connection_check_interval=1000",
    )
)
_COMPUTES = b"SET LOCAL idle_in_transaction_session_timeout = '30s'"
_CANCEL_LIMIT_S = 2.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of messages, for those who sent them and those who watch."""

    ack_runs: list[tuple[int, int, int]] = field(default_factory=list)  #: slot, first and last seq
    refused_seqs: dict[bytes, list[int]] = field(default_factory=dict)  #: by topic
    live: list[npt.NDArray[np.void]] = field(default_factory=list)  #: in batch_store.LIVE_DTYPE
    messages: int = 0
    fixes: int = 0
    off_duty: int = 0  #: fixes that were acknowledged and not kept
    rejected: int = 0
    events: list[fence_notices.Message] = field(default_factory=list)  #: for whom it may concern

    def add(self, other: "Outcome") -> None:
        """Take in what came of other messages."""
        self.ack_runs += other.ack_runs
        for topic, seqs in other.refused_seqs.items():
            self.refused_seqs.setdefault(topic, []).extend(seqs)
        self.live += other.live
        self.messages += other.messages
        self.fixes += other.fixes
        self.off_duty += other.off_duty
        self.rejected += other.rejected
        self.events += other.events


class Worker:
    """Writes batches and holds leases."""

    def __init__(self, database_url: str, *, on_batch: Callable[[pipeline.Batch, float], None] | None = None) -> None:
        self.state = pipeline.State()
        self._on_batch = on_batch
        self._database_url = database_url
        self._connection: psycopg.Connection[Any] | None = None
        self._reading: psycopg.Connection[Any] | None = None
        self._store: batch_store.BatchStore | None = None
        self._book: leases.LeaseBook | None = None
        self._lookups: lookups.Lookups | None = None
        self._is_broken = False
        self._changed: set[str] = set()
        self._knows_fences = False
        self._edited = set[uuid.UUID]()  #: fences whose devices are still to be judged
        self._next_handover: dt.datetime | None = None
        self._absences = absences.AbsenceWatch()
        self._next_absences_s = 0.0
        self._messages_left: list[fence_notices.Message] = []

    def connect(self) -> None:
        """Connect, and forget what another process may have changed meanwhile; nothing happens where it is connected.

        Raises:
            DatabaseAwayError: it can't be reached.
        """
        if self._connection is not None and not self._is_broken:
            return
        self.close()
        with self._away_on_error():
            connection = self._connection = self._open("driveops ingest", f"{_LOOKUP_OPTIONS} {_LEASE_OPTIONS}")
            connection.add_notify_handler(lambda notice: self._changed.add(notice.channel))
            for channel in (notices.REGISTRY, notices.GEOFENCES):
                connection.execute(f"LISTEN {channel}")
            self._store = batch_store.BatchStore(connection)
            self._book = leases.LeaseBook(connection)
            self._reading = self._open("driveops ingest look-ups", _LOOKUP_OPTIONS)
            self._lookups = lookups.Lookups(self._reading)
            self.state.devices.forget_topics()
            self.state.devices.forget_newest()
            self._load_limits()
            self._next_handover = device_lookup.next_handover(connection, dt.datetime.now(dt.UTC))
            self._load_fences()

    def see_leases(self) -> leases.Leases:
        """Who holds what; also takes up what was changed in the registry and the geofences."""
        with self._away_on_error():
            seen = self._there(self._book).see()
            self._take_up_changes(seen.mine)
            self._look_at_absences()
            return seen

    def take_messages(self) -> list[fence_notices.Message]:
        """What `see_leases` has found for others to hear; told once."""
        messages, self._messages_left = self._messages_left, []
        return messages

    def take_leases(self, numbers: Collection[int]) -> frozenset[int]:
        """Try to hold these leases; what is known of their devices is loaded anew."""
        with self._away_on_error():
            taken = self._there(self._book).take(numbers)
        self.state.devices.forget_shards(taken)
        return taken

    def release_leases(self, numbers: Collection[int]) -> None:
        """Give these leases back."""
        with self._away_on_error():
            self._there(self._book).release(numbers)

    def keep_leases(self) -> None:
        """Let the database hear that this process works, though it writes nothing."""
        with self._away_on_error():
            self._there(self._connection).execute("SELECT")

    def prepare(
        self, topics: Sequence[bytes], payloads: Sequence[bytes], received_us: int, *, sets_late_aside: bool = False
    ) -> pipeline.Batch:
        """Compute what is to be written for these messages, as if all batches before were committed.

        Where it has `late_messages`, nothing is computed: without them it is to be prepared again.

        Raises:
            BatchRefusedError: the database can't look up what these messages name: `commit_in_parts` comes next.
            DatabaseAwayError: a look-up failed, try again after `connect`.
        """
        batch = pipeline.Batch(
            topics=topics, payloads=payloads, received_us=received_us, sets_late_aside=sets_late_aside
        )
        with self._away_on_error(), _refused_on_error():
            pipeline.run(batch, self.state, self._there(self._lookups))
        return batch

    def commit(self, batch: pipeline.Batch) -> Outcome:
        """Write a prepared batch.

        Raises:
            BatchRefusedError: nothing is committed, and what was prepared since is void: `commit_in_parts` comes next.
            DatabaseAwayError: nothing is committed, prepare it again after `connect`.
        """
        with self._away_on_error(), _refused_on_error():
            return self._write(batch)

    def commit_in_parts(self, batch: pipeline.Batch) -> Outcome:
        """Commit what can be of a refused batch; the payloads at fault are among the rejects then.

        First what is remembered here is suspected, then the payloads: halves, until the one at fault stands alone.

        Raises:
            DatabaseAwayError: try again after `connect`; what was committed meanwhile is only known again.
        """
        outcome = Outcome()
        with self._away_on_error():
            self._commit_part(batch.again(), outcome)
        return outcome

    def interrupt(self) -> None:
        """From another thread: end the statement that is under way, so that whoever waits for it gets a DatabaseAwayError."""
        for connection in (self._connection, self._reading):
            if connection is not None and not connection.closed:
                with contextlib.suppress(psycopg.Error):
                    connection.cancel_safe(timeout=_CANCEL_LIMIT_S)

    def close(self) -> None:
        """End the connections, and with them the leases."""
        if self._connection is not None:
            self._connection.close()
        if self._lookups is not None:
            self._lookups.close()
        self._connection = self._store = self._book = self._lookups = None
        self._is_broken = False

    def _open(self, name: str, options: str) -> psycopg.Connection[Any]:
        connection = engine.open_connection(self._database_url, application_name=name, autocommit=True, options=options)
        connection.prepare_threshold = 1
        return connection

    def _commit_part(self, part: pipeline.Batch, outcome: Outcome) -> None:
        self._forget()
        try:
            pipeline.run(part, self.state, self._there(self._lookups))
            outcome.add(self._write(part))
        except psycopg.Error as error:
            if away.is_away(error):
                raise
            middle = len(part.payloads) // 2
            if middle:
                for half in (slice(None, middle), slice(middle, None)):
                    self._commit_part(part.again(half), outcome)
                return
            logger.warning("the database refuses a payload: %s", error)
            self._forget()
            refused = part.again()
            pipeline.refuse(refused, str(error))
            outcome.add(self._write(refused))

    def _write(self, batch: pipeline.Batch) -> Outcome:
        started_s = time.perf_counter()
        connection = self._there(self._connection)
        with connection.transaction():
            if batch.changes_the_past:
                connection.execute(_COMPUTES)
            live = self._there(self._store).save(batch, self.state)
        if self._on_batch is not None:
            self._on_batch(batch, time.perf_counter() - started_s)
        return Outcome(
            ack_runs=batch.ack_runs,
            refused_seqs=batch.refused_seqs,
            live=[live],
            messages=len(batch.payloads),
            fixes=len(batch.rows),
            off_duty=batch.off_duty,
            rejected=len(batch.rejects),
            events=self._messages(batch.fenced.events),
        )

    @contextlib.contextmanager
    def _away_on_error(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            # Not closed here: the other thread may be using a connection. `connect` comes when both are done.
            self._is_broken = True
            raise errors.DatabaseAwayError(str(error).strip() or type(error).__name__) from error

    @staticmethod
    def _there(part: T | None) -> T:
        if part is None:
            raise psycopg.OperationalError("not connected")
        return part

    def _forget(self) -> None:
        self.state.devices.forget_topics()
        self.state.devices.forget_newest()
        self._load_fences()

    def _take_up_changes(self, held: Collection[int]) -> None:
        changed, self._changed = self._changed, set()
        if notices.REGISTRY in changed:
            self.state.devices.forget_topics()
            self._load_limits()
        is_handover = self._next_handover is not None and dt.datetime.now(dt.UTC) >= self._next_handover
        # Who is in which vehicle matters to fences that look at some alone.
        has_moved = (notices.REGISTRY in changed or is_handover) and bool(self.state.fences.assigned)
        if notices.REGISTRY in changed or is_handover:
            self._next_handover = device_lookup.next_handover(self._there(self._connection), dt.datetime.now(dt.UTC))
        zones = {fence.tenant_id: fence.zone for fence in self.state.fences.index.fences}
        has_moved |= notices.REGISTRY in changed and fence_store.are_zones_changed(self._there(self._connection), zones)
        if notices.GEOFENCES in changed or has_moved:
            self._load_fences()
        self._judge_edits(held)

    def _load_limits(self) -> None:
        self.state.devices.limits.load(quality_rules.load(self._there(self._connection)))
        self.state.duty_only = duty.duty_only_tenants(self._there(self._connection))

    def _load_fences(self) -> None:
        """Take the fences as they are now; those that are others are judged by `_judge_edits`."""
        connection, watch, started_s = self._there(self._connection), self.state.fences, time.monotonic()
        is_first = not self._knows_fences
        with connection.transaction():
            connection.execute(_COMPUTES)
            ended = fence_store.end_unwatched_stays(connection, dt.datetime.now(dt.UTC))
            found = fence_store.load_watched(connection)
        changed = watch.load(found)
        self._knows_fences = True
        if not is_first:
            self._edited |= changed
        self._messages_left += self._messages(ended)
        for fence_id, reason in found.unreadable:
            logger.error("geofence %s is not watched: %s", fence_id, reason)
        if changed:
            seconds = round(time.monotonic() - started_s, 3)
            logger.info("geofences loaded", extra={"fences": len(watch.index.fences), "took_s": seconds})

    def _judge_edits(self, held: Collection[int]) -> None:
        """Tell who is inside of fences that are others now, of the devices of these leases."""
        if not self._edited or not held:
            return
        connection, now = self._there(self._connection), dt.datetime.now(dt.UTC)
        with connection.transaction():
            connection.execute(_COMPUTES)
            judged = fence_edits.reconsider(connection, self.state.fences.index, self._edited, shards=held, now=now)
        self._edited.clear()
        met = self.state.devices.names_of(judged.device_ids)
        self.state.devices.forget_newest(self.state.devices.slots_of_devices(met))
        self._messages_left += self._messages(judged.told)

    def _look_at_absences(self) -> None:
        if time.monotonic() < self._next_absences_s:
            return
        self._next_absences_s = time.monotonic() + absences.EVERY_S
        missing = self._absences.look(
            self._there(self._connection), self.state.fences.index.fences, dt.datetime.now(dt.UTC)
        )
        self._messages_left += self._messages(missing)

    def _messages(self, told: Sequence[fence_store.EventRow]) -> list[fence_notices.Message]:
        return fence_notices.messages(told, self.state.fences.names, self._names, dt.datetime.now(dt.UTC))

    def _names(self, device_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        known = self.state.devices.names_of(device_ids)
        strangers = [device_id for device_id in device_ids if device_id not in known]
        if strangers:
            known |= fence_store.device_names(self._there(self._connection), strangers)
        return known


@contextlib.contextmanager
def _refused_on_error() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        if away.is_away(error):
            raise
        raise errors.BatchRefusedError(f"a batch was refused: {error}") from error

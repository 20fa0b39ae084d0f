"""The side of ingest behind the edge: one thread, one connection to the database, batch after batch.

Every method runs in that thread. The leases are held on the connection that writes, so that a process that has lost them
can't commit either.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import fence_log, leases, notices
from ingest import batch_store, errors, pipeline

logger = logging.getLogger(__name__)

_CONNECT_LIMIT_S = 10
_CONNECTION_OPTIONS = " ".join(
    f"-c {option}"
    for option in (
        "timezone=UTC",
        # A process whose machine vanishes must not keep its leases: its peer is given up after some three seconds.
        "tcp_keepalives_idle=1",
        "tcp_keepalives_interval=1",
        "tcp_keepalives_count=2",
        "tcp_user_timeout=5000",
        "client_connection_check_interval=1000",
        # Parameters are arrays and never tell the planner anything: one plan is as good as the next.
        "plan_cache_mode=force_generic_plan",
    )
)
_REPLACEABLE = (psycopg.DataError, psycopg.IntegrityError)
"""Errors of what is written, not of the database: the payload at fault is found and rejected."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of messages, for those who sent them and those who watch."""

    ack_runs: list[tuple[int, int, int]] = field(default_factory=list)  #: slot, first and last seq
    refused_seqs: dict[bytes, list[int]] = field(default_factory=dict)  #: by topic
    live: list[npt.NDArray[np.void]] = field(default_factory=list)  #: in batch_store.LIVE_DTYPE
    fixes: int = 0
    stored: int = 0
    rejected: int = 0


class Worker:
    """Writes batches and holds leases."""

    def __init__(self, database_url: str) -> None:
        self.state = pipeline.State()
        self._database_url = database_url
        self._connection: psycopg.Connection[Any] | None = None
        self._store: batch_store.BatchStore | None = None
        self._book: leases.LeaseBook | None = None
        self._changed: set[str] = set()

    def connect(self) -> None:
        """Connect, and forget what another process may have changed meanwhile; nothing happens where it is connected.

        Raises:
            DatabaseAwayError: it can't be reached.
        """
        if self._connection is not None:
            return
        with self._away_on_error():
            connection = psycopg.connect(
                self._database_url,
                autocommit=True,
                connect_timeout=_CONNECT_LIMIT_S,
                application_name="driveops ingest",
                options=_CONNECTION_OPTIONS,
            )
            self._connection = connection
            connection.prepare_threshold = 1
            connection.add_notify_handler(lambda notice: self._changed.add(notice.channel))
            for channel in (notices.REGISTRY, notices.GEOFENCES):
                connection.execute(f"LISTEN {channel}")
            self._store = batch_store.BatchStore(connection)
            self._book = leases.LeaseBook(connection)
            self.state.devices.forget_topics()
            self.state.devices.forget_newest()
            self._load_fences()

    def see_leases(self) -> leases.Leases:
        """Who holds what; also takes up what was changed in the registry and the geofences."""
        with self._away_on_error():
            seen = self._lease_book.see()
            self._take_up_changes()
            return seen

    def take_leases(self, numbers: Collection[int]) -> frozenset[int]:
        """Try to hold these leases; what is known of their devices is loaded anew."""
        with self._away_on_error():
            taken = self._lease_book.take(numbers)
        self.state.devices.forget_shards(taken)
        return taken

    def release_leases(self, numbers: Collection[int]) -> None:
        """Give these leases back."""
        with self._away_on_error():
            self._lease_book.release(numbers)

    def process(self, topics: Sequence[bytes], payloads: Sequence[bytes], received_us: int) -> Outcome:
        """Commit messages; what can't be taken is among the rejects then.

        Raises:
            DatabaseAwayError: nothing is committed, try again after `connect`.
        """
        outcome = Outcome()
        with self._away_on_error():
            self._process(topics, payloads, received_us, outcome)
        return outcome

    def run(self, write: Callable[[psycopg.Connection[Any]], None]) -> None:
        """Do something else in one transaction.

        Raises:
            DatabaseAwayError: nothing is committed, try again after `connect`.
        """
        with self._away_on_error():
            if self._connection is None:
                raise psycopg.OperationalError("not connected")
            with self._connection.transaction():
                write(self._connection)

    def close(self) -> None:
        """End the connection, and with it the leases."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _process(
        self,
        topics: Sequence[bytes],
        payloads: Sequence[bytes],
        received_us: int,
        outcome: Outcome,
        *,
        again: bool = False,
    ) -> None:
        try:
            self._commit(topics, payloads, received_us, outcome)
        except _REPLACEABLE as error:
            # First suspect what is remembered here, then the payloads: halve until the one at fault stands alone.
            self._forget()
            if not again:
                logger.warning("a batch was refused, loading anew what is remembered: %s", error)
                self._process(topics, payloads, received_us, outcome, again=True)
            elif len(payloads) > 1:
                for half in (slice(None, len(payloads) // 2), slice(len(payloads) // 2, None)):
                    self._process(topics[half], payloads[half], received_us, outcome, again=True)
            else:
                logger.warning("the database refuses a payload: %s", error)
                self._commit(topics, payloads, received_us, outcome, refusal=str(error))

    def _commit(
        self,
        topics: Sequence[bytes],
        payloads: Sequence[bytes],
        received_us: int,
        outcome: Outcome,
        *,
        refusal: str | None = None,
    ) -> None:
        if self._connection is None or self._store is None:
            raise psycopg.OperationalError("not connected")
        batch = pipeline.Batch(topics=topics, payloads=payloads, received_us=received_us)
        with self._connection.transaction():
            if refusal is None:
                pipeline.run(batch, self.state, self._store)
            else:
                pipeline.refuse(batch, refusal)
            live = self._store.save(batch, self.state)
        pipeline.advance(batch, self.state)
        outcome.ack_runs += batch.ack_runs
        for topic, seqs in batch.refused_seqs.items():
            outcome.refused_seqs.setdefault(topic, []).extend(seqs)
        outcome.live.append(live)
        outcome.fixes += len(batch.rows)
        outcome.rejected += len(batch.rejects)

    @contextlib.contextmanager
    def _away_on_error(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self.close()
            raise errors.DatabaseAwayError(str(error).strip() or type(error).__name__) from error

    @property
    def _lease_book(self) -> leases.LeaseBook:
        if self._book is None or self._connection is None:
            raise psycopg.OperationalError("not connected")
        return self._book

    def _forget(self) -> None:
        self.state.devices.forget_topics()
        self.state.devices.forget_newest()
        self._load_fences()

    def _take_up_changes(self) -> None:
        changed, self._changed = self._changed, set()
        if notices.REGISTRY in changed:
            self.state.devices.forget_topics()
        if notices.GEOFENCES in changed:
            self._load_fences()

    def _load_fences(self) -> None:
        assert self._connection is not None
        started_s = time.monotonic()
        with self._connection.transaction():
            fence_log.drop_unwatched_presence(self._connection)
            self.state.fences.load(fence_log.load_fences(self._connection))
        logger.info(
            "geofences loaded",
            extra={"fences": len(self.state.fences.engine.fences), "took_s": round(time.monotonic() - started_s, 3)},
        )

"""Hearing of changes: PostgreSQL's NOTIFY, sent by triggers when registries change."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from psycopg import sql

from db import engine

REGISTRY = "registry"
"""A tenant or a device was added or changed."""
GEOFENCES = "geofences"
"""A geofence was added or changed."""
ALERTS = "alerts"
"""An alert was raised or changed."""
BROKER_USERS = "broker_users"
"""A device has got a password at the broker."""

SENDER_QUEUE = "sender_queue"
"""A message that did not come over the broker waits for the holder of its shard."""


class Notices:
    """A connection that listens. What happened before it was opened is not told: open it first, then load.

    Raises:
        psycopg.OperationalError: the database is away, from any method; make a new one and load anew.
    """

    def __init__(self, dsn: str, channels: Iterable[str]) -> None:
        self._connection = engine.open_connection(dsn, application_name="driveops notices", autocommit=True)
        for channel in channels:
            self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def wait(self, timeout_s: float) -> frozenset[str]:
        """The channels that spoke; empty after `timeout_s` of silence."""
        return frozenset(notice.channel for notice in self._connection.notifies(timeout=timeout_s, stop_after=1))

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

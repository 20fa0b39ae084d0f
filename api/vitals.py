"""Looks every 2 s whether the database answers, the broker is connected and ingest works; the hub tells the sockets."""

import asyncio
import logging

import sqlalchemy as sa

from api import lanes, live_hub, position_feed
from db import leases

_log = logging.getLogger(__name__)
_INTERVAL_S, _ANSWER_S = 2.0, 3.0


class VitalsWatch:
    """The shards that ingest processes hold tell whether any is alive: they are free the moment it dies."""

    def __init__(self, source: sa.Engine, feed: position_feed.PositionFeed, hub: live_hub.LiveHub) -> None:
        self._engine, self._feed, self._hub = source, feed, hub
        self._has_database, self._has_ingest = True, True
        self._changed = asyncio.Event()
        self._lane = lanes.Lane("vitals", 1)

    def wake(self) -> None:
        """Look now; on the event loop."""
        self._changed.set()

    async def run(self) -> None:
        """Look until cancelled."""
        asking: asyncio.Task[int] | None = None
        while True:
            asking = asking or asyncio.create_task(self._lane.run(self._count_leases))
            await asyncio.wait({asking}, timeout=_ANSWER_S)
            asking = self._learn(asking)
            self._tell()
            await live_hub.wait_for(self._changed, _INTERVAL_S)

    def _learn(self, asking: "asyncio.Task[int]") -> "asyncio.Task[int] | None":
        """What the answer says; one that does not come in time is waited for further, and says no until then."""
        if not asking.done():
            self._has_database = False
            return asking
        error = asking.exception()
        self._has_database = error is None
        if error is None:
            self._has_ingest = asking.result() > 0
        elif not isinstance(error, sa.exc.SQLAlchemyError):
            _log.error("the database's vitals can't be read", exc_info=error)
        return None

    def _tell(self) -> None:
        self._hub.set_vitals(
            live_hub.Vitals(database=self._has_database, broker=self._feed.is_connected, ingest=self._has_ingest)
        )

    def _count_leases(self) -> int:
        with self._engine.connect() as connection:
            return leases.count_held(connection)

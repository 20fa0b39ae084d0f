"""Hears that alerts changed, reads them, and gives them to the hub: by the database's notices, and every 2 s without any."""

import asyncio
import logging
import threading
import time
import uuid

import psycopg
import sqlalchemy as sa

from api import live_hub
from db import engine, live_reads, notices

_log = logging.getLogger(__name__)
_POLL_S, _RETRY_S = 2.0, 1.0


class AlertFeed:
    """`dsn` is the web role's, for a connection that only listens."""

    def __init__(self, dsn: str, source: sa.Engine, hub: live_hub.LiveHub) -> None:
        self._dsn, self._engine, self._hub = dsn, source, hub
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ends = threading.Event()
        hub.joined = self._changed.set

    def wake(self) -> None:
        """Read the alerts now; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Read whenever something changed, until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._ends.clear()
        threading.Thread(target=self._listen, name="alert notices", daemon=True).start()
        try:
            while True:
                await live_hub.wait_for(self._changed, _POLL_S)
                for tenant_id in self._hub.tenant_ids:
                    try:
                        found = await asyncio.to_thread(self._read, tenant_id)
                    except sa.exc.SQLAlchemyError as error:
                        _log.warning("the alerts can't be read: %s", error)
                        break
                    self._hub.set_alerts(tenant_id, found)
        finally:
            self._ends.set()

    def _read(self, tenant_id: uuid.UUID) -> list[live_reads.SeenAlert]:
        with engine.tenant_transaction(self._engine, tenant_id) as connection:
            return live_reads.seen_alerts(connection, tenant_id)

    def _listen(self) -> None:
        while not self._ends.is_set():
            try:
                with notices.Notices(self._dsn, [notices.ALERTS]) as heard:
                    self.wake()
                    while not self._ends.is_set():
                        if heard.wait(_RETRY_S):
                            self.wake()
            except psycopg.OperationalError as error:
                _log.warning("no notices of alerts: %s", error)
                time.sleep(_RETRY_S)

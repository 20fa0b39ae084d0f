"""Hears that alerts changed, reads them, and gives them to the hub: by the database's notices, and by polling without any.

Each tenant is read for itself, so that one whose alerts can't be read, or only slowly, holds no other up.
"""

import asyncio
import logging
import threading
import uuid

import psycopg
import sqlalchemy as sa

from api import alert_reader, lanes, live_hub
from db import notices

_log = logging.getLogger(__name__)
_POLL_S, _POLL_UNTOLD_S, _RETRY_S = 2.0, 0.5, 0.5


class AlertFeed:
    """`dsn` is the web role's, for a connection that only listens; reads are done in `lane`."""

    def __init__(self, dsn: str, source: sa.Engine, hub: live_hub.LiveHub, lane: lanes.Lane) -> None:
        self._dsn, self._hub, self._lane = dsn, hub, lane
        self._reader = alert_reader.AlertReader(source)
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_told = False  #: whether notices can come
        self._wanted: set[uuid.UUID] = set()
        self._reading: dict[uuid.UUID, asyncio.Task[None]] = {}
        hub.joined = self._changed.set

    def wake(self) -> None:
        """Read the alerts now; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Read whenever something changed, until cancelled."""
        self._loop = asyncio.get_running_loop()
        ends = threading.Event()
        threading.Thread(target=self._listen, args=(ends,), name="alert notices", daemon=True).start()
        try:
            while True:
                await live_hub.wait_for(self._changed, _POLL_S if self.is_told else _POLL_UNTOLD_S)
                for tenant_id in self._hub.tenant_ids:
                    self._read_soon(tenant_id)
        finally:
            ends.set()
            for task in self._reading.values():
                task.cancel()

    def _read_soon(self, tenant_id: uuid.UUID) -> None:
        """Read now, or once more after the read that is under way."""
        self._wanted.add(tenant_id)
        if tenant_id not in self._reading:
            self._reading[tenant_id] = asyncio.create_task(self._read_while_wanted(tenant_id))

    async def _read_while_wanted(self, tenant_id: uuid.UUID) -> None:
        try:
            while tenant_id in self._wanted and tenant_id in self._hub.tenant_ids:
                self._wanted.discard(tenant_id)
                if not await self._read(tenant_id):
                    self._wanted.add(tenant_id)
                    await asyncio.sleep(_RETRY_S)
        finally:
            self._wanted.discard(tenant_id)
            del self._reading[tenant_id]

    async def _read(self, tenant_id: uuid.UUID) -> bool:
        try:
            found = await self._lane.run(self._reader.read, tenant_id)
            self._hub.set_alerts(tenant_id, found)
        except sa.exc.SQLAlchemyError as error:
            _log.warning("the alerts of tenant %s can't be read: %s", tenant_id, error)
            return False
        except Exception:  # noqa: BLE001 (whatever it is, the next read may do)
            _log.exception("the alerts of tenant %s can't be told", tenant_id)
            return False
        return True

    def _listen(self, ends: threading.Event) -> None:
        while not ends.is_set():
            try:
                self._hear(ends)
            except psycopg.Error as error:
                _log.warning("no notices of alerts: %s", error)
            except Exception:  # noqa: BLE001 (the thread is the only one that hears)
                _log.exception("no notices of alerts")
            self.is_told = False
            self.wake()
            ends.wait(_RETRY_S)

    def _hear(self, ends: threading.Event) -> None:
        with notices.Notices(self._dsn, [notices.ALERTS]) as heard:
            self.is_told = True
            self.wake()
            while not ends.is_set():
                if heard.wait(_RETRY_S):
                    self.wake()

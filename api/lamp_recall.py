"""Tells lamps again what is in the rows: a word may have died with the web server, or with the broker, that was to tell it."""

import asyncio
import datetime as dt
import logging
import uuid

import sqlalchemy as sa

from api import lamp, lanes, live_hub
from db import engine, handled_alerts
from domain import emergencies

_log = logging.getLogger(__name__)
_LOOK_S = 1.0
_BACK = dt.timedelta(hours=1)


class LampRecall:
    """Of each tenant that is looked at, once after a start and once after each absence of the broker."""

    def __init__(self, source: sa.Engine, hub: live_hub.LiveHub, lamps: lamp.Lamps, lane: lanes.Lane) -> None:
        self._engine, self._hub, self._lamps, self._lane = source, hub, lamps, lane
        self._done: set[uuid.UUID] = set()

    def again(self) -> None:
        """Tell all of it once more."""
        self._done.clear()

    async def run(self) -> None:
        """Look until cancelled for tenants that are to be told."""
        while True:
            for tenant_id, slug in self._hub.watched:
                if tenant_id not in self._done:
                    await self._recall(tenant_id, slug)
            await asyncio.sleep(_LOOK_S)

    async def _recall(self, tenant_id: uuid.UUID, slug: str) -> None:
        self._done.add(tenant_id)
        try:
            words = await self._lane.run(self._read, tenant_id, slug)
        except sa.exc.SQLAlchemyError as error:
            _log.warning("what has become of the alerts of %s can't be read: %s", slug, error)
            self._done.discard(tenant_id)
            return
        for word in words:
            self._lamps.tell(word)

    def _read(self, tenant_id: uuid.UUID, slug: str) -> list[lamp.Word]:
        since = dt.datetime.now(dt.UTC) - _BACK
        with engine.tenant_transaction(self._engine, tenant_id) as connection:
            rows = handled_alerts.since(connection, tenant_id, since)
        return [
            lamp.Word(slug, row.device_name, row.fob, row.id, emergencies.AlertState(row.state), row.by) for row in rows
        ]

"""The live part of the web server, put together: what the application holds, starts and stops."""

import asyncio
import datetime as dt
import uuid

import sqlalchemy as sa

from api import (
    alert_feed,
    audit_desk,
    desk,
    fence_desk,
    fence_history_desk,
    lamp,
    lamp_recall,
    lanes,
    live_hub,
    live_socket,
    position_feed,
    quarantine_desk,
    registry_desk,
    rejects_desk,
    settings,
    upkeep,
    vitals,
)
from api.routes import alerts, audit, fence_history, geofences, quarantine, registries, rejects, units
from domain import accounts

_READERS, _ACTORS = 4, 4
ALERT_POOL = _READERS + _ACTORS + 1
"""Connections for alerts and vitals, whatever readers of the rest wait for."""


class LiveService:
    """`routers` carry their whole paths: include them without a prefix. `alert_engine` has ALERT_POOL connections."""

    def __init__(
        self,
        choice: settings.Settings,
        web_engine: sa.Engine,
        alert_engine: sa.Engine,
        find_session: live_socket.FindSession,
    ) -> None:
        self.hub = live_hub.LiveHub(web_engine)
        self.desk = _Desk(web_engine, acting=desk.Desk(alert_engine, self._alert_changed))
        self.acts = lanes.Lane("alert acts", _ACTORS)  #: where people act on alerts
        readers = lanes.Lane("alert reads", _READERS)
        self.alert_feed = alert_feed.AlertFeed(choice.database_url, alert_engine, self.hub, readers)
        self.feed = position_feed.PositionFeed(choice.broker, self.hub.frame_came, self._link_changed)
        self._lamps = lamp.Lamps(self.feed)
        self._recall = lamp_recall.LampRecall(alert_engine, self.hub, self._lamps, readers)
        self._vitals = vitals.VitalsWatch(alert_engine, self.feed, self.hub)
        self.routers = [
            units.router(self.desk),
            alerts.router(self.desk, self.acts),
            geofences.router(fence_desk.FenceDesk(web_engine)),
            fence_history.router(fence_history_desk.FenceHistoryDesk(web_engine)),
            quarantine.router(quarantine_desk.QuarantineDesk(web_engine)),
            rejects.router(rejects_desk.RejectsDesk(web_engine)),
            registries.router(registry_desk.RegistryDesk(web_engine)),
            audit.router(audit_desk.AuditDesk(web_engine)),
            live_socket.router(self.hub, web_engine, find_session),
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Start the feeds and the tick; what they need may be away."""
        self._loop = asyncio.get_running_loop()
        parts = {
            "the position feed": self.feed.run,
            "the alert feed": self.alert_feed.run,
            "the lamps": self._lamps.run,
            "the recall of lamps": self._recall.run,
            "the vitals": self._vitals.run,
            "the loading of snapshots": self.hub.load_forever,
            "the tick": self.hub.tick_forever,
        }
        self._tasks = [asyncio.create_task(upkeep.keep_up(name, part)) for name, part in parts.items()]

    async def stop(self) -> None:
        """Stop them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def _link_changed(self) -> None:
        self._vitals.wake()
        self._lamps.wake()
        self._recall.again()

    def _alert_changed(self, word: lamp.Word) -> None:
        """In the thread of whoever acted."""
        self.alert_feed.wake()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._lamps.tell, word)


class _Desk(desk.Desk):
    """Acts on alerts over other connections than it reads with, so that no crowd of readers is before them."""

    def __init__(self, source: sa.Engine, *, acting: desk.Desk) -> None:
        super().__init__(source)
        self._acting = acting

    def acknowledge(self, identity: accounts.Identity, alert_id: uuid.UUID, now: dt.datetime) -> desk.Json:
        return self._acting.acknowledge(identity, alert_id, now)

    def resolve(self, identity: accounts.Identity, alert_id: uuid.UUID, text: str, now: dt.datetime) -> desk.Json:
        return self._acting.resolve(identity, alert_id, text, now)

"""The live part of the web server, put together: what the application holds, starts and stops."""

import asyncio
import logging

import sqlalchemy as sa

from api import alert_feed, desk, lamp, live_hub, live_socket, position_feed, settings, vitals
from api.routes import alerts, units
from domain import accounts, emergencies

_log = logging.getLogger(__name__)


class LiveService:
    """`routers` carry their whole paths: include them without a prefix."""

    def __init__(self, choice: settings.Settings, web_engine: sa.Engine, find_session: live_socket.FindSession) -> None:
        self.hub = live_hub.LiveHub(web_engine)
        self.desk = desk.Desk(web_engine, self._alert_changed)
        self._alerts = alert_feed.AlertFeed(choice.database_url, web_engine, self.hub)
        self.feed = position_feed.PositionFeed(choice.broker, self.hub.frame_came, self._link_changed)
        self._vitals = vitals.VitalsWatch(web_engine, self.feed, self.hub)
        self.routers = [
            units.router(self.desk),
            alerts.router(self.desk),
            live_socket.router(self.hub, web_engine, find_session),
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._telling: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Start the feeds and the tick; what they need may be away."""
        self._loop = asyncio.get_running_loop()
        parts = (
            self.feed.run(),
            self._alerts.run(),
            self._vitals.run(),
            self.hub.load_forever(),
            self.hub.tick_forever(),
        )
        for part in parts:
            task = asyncio.create_task(part)
            task.add_done_callback(_ended)
            self._tasks.append(task)

    async def stop(self) -> None:
        """Stop them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._telling, return_exceptions=True)
        self._tasks.clear()

    def _link_changed(self) -> None:
        self._vitals.wake()

    def _alert_changed(self, identity: accounts.Identity, alert: emergencies.Alert) -> None:
        """In the thread of whoever acted."""
        self._alerts.wake()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell_lamp, identity, alert)

    def _tell_lamp(self, identity: accounts.Identity, alert: emergencies.Alert) -> None:
        task = asyncio.create_task(lamp.tell(self.feed, identity, alert))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def _ended(task: asyncio.Task[None]) -> None:
    """A part that ends by an error ends for good: it is told, loudly."""
    if not task.cancelled() and (error := task.exception()):
        _log.critical("a part of the live page has ended", exc_info=error)

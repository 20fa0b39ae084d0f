"""The live hub: one picture a tenant that somebody looks at, kept fresh, and the sockets that look at it.

Everything here runs on the event loop; the database is read in threads.
"""

import asyncio
import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from api import alert_reader, lanes, live_positions, live_viewer
from db import engine, live_reads
from domain import accounts, emergencies, live_frame

_log = logging.getLogger(__name__)
TICK_S = 1.0
_RELOAD_S = 60.0
_RELOAD_ALONE_S = 3.0  # no frames come
_LOADERS = 3
_ALERTS = "alerts"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the live page depends on."""

    database: bool
    broker: bool
    ingest: bool


@dataclass(slots=True, eq=False)
class Picture:
    """What is known of a tenant while somebody looks."""

    tenant_id: uuid.UUID
    slug: str
    positions: live_positions.LivePositions = field(default_factory=live_positions.LivePositions)
    viewers: dict[live_viewer.Viewer, None] = field(default_factory=dict)  #: in the order in which they came
    alerts: str | None = None  #: the message of them, made once for all sockets; None until they are read
    is_loading: bool = False
    due_s: float = 0.0  #: when to load the snapshot, by the monotonic clock


class LiveHub:
    """Feeds sockets; `clock` gives Unix ms."""

    def __init__(self, source: sa.Engine, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._engine, self.clock = source, clock
        self._pictures: dict[uuid.UUID, Picture] = {}
        self._vitals = Vitals(database=True, broker=False, ingest=True)
        self._wants_load = asyncio.Event()
        self._lane = lanes.Lane("snapshots", _LOADERS)
        self.joined: Callable[[], None] = lambda: None  #: told when a tenant's alerts are wanted

    @property
    def tenant_ids(self) -> list[uuid.UUID]:
        """The tenants that somebody looks at."""
        return list(self._pictures)

    @property
    def watched(self) -> list[tuple[uuid.UUID, str]]:
        """The same, each with its slug."""
        return [(picture.tenant_id, picture.slug) for picture in self._pictures.values()]

    def join(self, identity: accounts.Identity) -> live_viewer.Viewer:
        """Begin to look; what there is follows by itself."""
        picture = self._pictures.setdefault(
            identity.tenant_id, Picture(tenant_id=identity.tenant_id, slug=identity.tenant_slug)
        )
        viewer = live_viewer.Viewer(identity, picture.positions)
        picture.viewers[viewer] = None
        viewer.offer({"type": "hello", "server_time_ms": self.clock(), "tick_ms": round(TICK_S * 1e3)})
        viewer.offer(self._vitals_message(picture))
        if picture.alerts is not None:
            viewer.offer_text(_ALERTS, picture.alerts)
        self._wants_load.set()
        self.joined()
        return viewer

    def sockets_of(self, account_id: uuid.UUID) -> list[live_viewer.Viewer]:
        """The sockets that an account has open, the oldest first."""
        viewers = (viewer for picture in self._pictures.values() for viewer in picture.viewers)
        return [viewer for viewer in viewers if viewer.identity.account_id == account_id]

    def make_room(self, account_id: uuid.UUID, most: int) -> None:
        """Let an account have one socket more: the oldest over `most` go."""
        for viewer in self.sockets_of(account_id)[: -(most - 1)]:
            viewer.dismissed.set()
            self.leave(viewer)

    def leave(self, viewer: live_viewer.Viewer) -> None:
        """Look no more; the last of a tenant takes its picture away."""
        picture = self._pictures.get(viewer.identity.tenant_id)
        if picture is not None:
            picture.viewers.pop(viewer, None)
            if not picture.viewers:
                del self._pictures[picture.tenant_id]

    def frame_came(self, slug: str, frame: bytes) -> None:
        """Take a delta frame of ingest."""
        for picture in self._pictures.values():
            if picture.slug == slug:
                try:
                    picture.positions.apply(frame)
                    picture.positions.refresh(self.clock())  # a socket may take it before the tick
                except live_frame.FrameError as error:
                    _log.warning("a live frame of %s is left out: %s", slug, error)
                except Exception:  # noqa: BLE001 (one frame must not end the connection to the broker)
                    _log.exception("a live frame of %s can't be taken", slug)

    def set_alerts(self, tenant_id: uuid.UUID, found: list[alert_reader.Told]) -> None:
        """Take a tenant's unresolved alerts; its sockets are told if they changed."""
        picture = self._pictures.get(tenant_id)
        told = f'{{"type": "{_ALERTS}", "alerts": [{", ".join(each.text for each in found)}]}}'
        if picture is None or told == picture.alerts:
            return
        picture.alerts = told
        by_state = {
            state: {each.device_id for each in found if each.state is state and each.device_id is not None}
            for state in emergencies.AlertState
        }
        picture.positions.mark_alerts(
            opened=by_state[emergencies.AlertState.OPEN],
            acknowledged=by_state[emergencies.AlertState.ACKNOWLEDGED],
        )
        picture.positions.refresh(self.clock())
        for viewer in picture.viewers:
            viewer.offer_text(_ALERTS, told)

    def set_vitals(self, vitals: Vitals) -> None:
        """Take the vitals; every socket is told if they changed. What was missed meanwhile is loaded again."""
        if vitals == self._vitals:
            return
        self._vitals = vitals
        for picture in self._pictures.values():
            picture.due_s = 0.0
            for viewer in picture.viewers:
                viewer.offer(self._vitals_message(picture))
        self._wants_load.set()

    async def tick_forever(self) -> None:
        """Wake every socket once a tick."""
        while True:
            await asyncio.sleep(TICK_S - time.time() % TICK_S)
            self.tick()

    def tick(self) -> None:
        """Bring every picture up to date, and offer it."""
        now_ms = self.clock()
        for picture in self._pictures.values():
            try:
                picture.positions.refresh(now_ms)
            except Exception:  # noqa: BLE001 (one tenant's trouble must not stop the others)
                _log.exception("the units of %s can't be brought up to date", picture.slug)
            if picture.positions.has_strangers:
                picture.due_s = 0.0
                self._wants_load.set()
            for viewer in picture.viewers:
                viewer.awake.set()

    async def load_forever(self) -> None:
        """Load the snapshots that are due: of new tenants, after a breakdown, and now and then."""
        async with asyncio.TaskGroup() as group:
            while True:
                await wait_for(self._wants_load, TICK_S)
                for picture in self._pictures.values():
                    if picture.due_s <= time.monotonic() and not picture.is_loading:
                        picture.is_loading = True
                        group.create_task(self._load(picture))

    async def _load(self, picture: Picture) -> None:
        try:
            await self._load_now(picture)
        finally:
            picture.is_loading = False

    async def _load_now(self, picture: Picture) -> None:
        frames_come = self._vitals.broker and self._vitals.ingest
        picture.due_s = time.monotonic() + (_RELOAD_S if frames_come else _RELOAD_ALONE_S)
        begun = picture.positions.version
        try:
            units = await self._lane.run(self._read, picture.tenant_id)
        except sa.exc.SQLAlchemyError as error:
            _log.warning("the units of %s can't be loaded: %s", picture.slug, error)
            picture.due_s = time.monotonic() + TICK_S
            return
        except Exception:  # noqa: BLE001 (a row that can't be read is its own tenant's trouble)
            _log.exception("the units of %s can't be read", picture.slug)
            return
        picture.positions.load(units, begun=begun)
        picture.positions.refresh(self.clock())
        for viewer in picture.viewers:
            viewer.awake.set()

    def _read(self, tenant_id: uuid.UUID) -> list[live_positions.Known]:
        with engine.tenant_transaction(self._engine, tenant_id) as connection:
            rows = live_reads.live_units(connection, tenant_id)
        return [_known(row) for row in rows]

    def _vitals_message(self, picture: Picture) -> dict[str, Any]:
        newest_ms = picture.positions.newest_ms()
        vitals = self._vitals
        return {
            "type": "vitals",
            "database": vitals.database,
            "broker": vitals.broker,
            "ingest": vitals.ingest,
            "positions_age_s": None if newest_ms is None else max(0.0, (self.clock() - newest_ms) / 1e3),
        }


async def wait_for(event: asyncio.Event, limit_s: float) -> None:
    """Wait for an event, but not for ever, and clear it."""
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return
    event.clear()


def _unix_ms(time_: dt.datetime | None) -> int | None:
    return None if time_ is None else round((time_ - _EPOCH) / dt.timedelta(milliseconds=1))


def _known(row: sa.Row[Any]) -> live_positions.Known:
    return live_positions.Known(
        device_id=row.device_id,
        kind=row.kind,
        lat=row.lat,
        lon=row.lon,
        time_ms=_unix_ms(row.time),
        course_deg=row.course_deg,
        moving=row.moving,
    )

"""What the demo's terminal view shows, read from the tables that ingest keeps up to date."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import queries
from domain import emergencies

#: A unit that has not been heard of for so long is stale; below this speed it stands.
STALE_AFTER = dt.timedelta(seconds=30)
MOVING_MPS = 0.6
_RESOLVED_SHOWN_FOR = dt.timedelta(seconds=30)
_CROSSINGS_OF = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A company."""

    id: uuid.UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit and where it was last; `who` is its person or vehicle."""

    name: str
    who: str
    time: dt.datetime
    lat: float
    lon: float
    speed_mps: float | None
    course_deg: float | None
    received_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as a dispatcher sees it in a list; `who` is empty where nobody is known to carry the fob."""

    id: uuid.UUID
    state: emergencies.AlertState
    who: str
    raised_at: dt.datetime
    press_count: int
    device_name: str
    fob: str
    location_lat: float | None
    location_lon: float | None
    acknowledged_by: str | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A unit entered or left a fence."""

    time: dt.datetime
    kind: str
    fence: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look. Lags are from a fix's time to its receipt; `fixes` are of all companies and all time."""

    units: tuple[Unit, ...]
    alerts: tuple[Alert, ...]
    known: int
    moving: int
    stale: int
    newest_received_at: dt.datetime | None
    median_lag_s: float | None
    high_lag_s: float | None
    fixes: int
    crossings: int
    last_crossing: Crossing | None


class Reader:
    """Reads views; remembers only how many fixes the hours gone by had, which hardly change."""

    def __init__(self) -> None:
        self._hour: dt.datetime | None = None
        self._fixes_before = 0

    def tenants(self, connection: sa.Connection) -> tuple[Tenant, ...]:
        """The companies, the oldest first."""
        return tuple(Tenant(**row) for row in _rows(connection, "demo_tenants", {}))

    def read(
        self, connection: sa.Connection, *, tenant_id: uuid.UUID, now: dt.datetime, offset: int = 0, limit: int = 40
    ) -> View:
        """Look at one company now; `offset` and `limit` say which of its units are listed."""
        own = {"tenant_id": tenant_id}
        liveness = _rows(
            connection, "demo_liveness", {**own, "stale_since": now - STALE_AFTER, "moving_mps": MOVING_MPS}
        )[0]
        last = _rows(connection, "demo_last_crossing", own)
        alerts = _rows(connection, "demo_alerts", {**own, "resolved_since": now - _RESOLVED_SHOWN_FOR, "limit": limit})
        crossings = _rows(connection, "demo_crossings", {**own, "since": now - _CROSSINGS_OF})[0]["crossings"]
        return View(
            units=tuple(
                Unit(**row) for row in _rows(connection, "demo_units", {**own, "limit": limit, "offset": offset})
            ),
            alerts=tuple(_alert(row) for row in alerts),
            fixes=self._fixes(connection, now),
            crossings=crossings,
            last_crossing=Crossing(**last[0]) if last else None,
            **liveness,
        )

    def _fixes(self, connection: sa.Connection, now: dt.datetime) -> int:
        # An hour back, so that fixes which come a little late still count.
        hour = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=1)
        if hour != self._hour:
            self._fixes_before = int(_rows(connection, "demo_fixes_before", {"before": hour})[0]["fixes"])
            self._hour = hour
        return self._fixes_before + int(_rows(connection, "demo_fixes", {"since": hour})[0]["fixes"])


def _alert(row: Mapping[str, Any]) -> Alert:
    return Alert(**{**row, "state": emergencies.AlertState(row["state"])})


def _rows(connection: sa.Connection, name: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.exec_driver_sql(queries.get(name), dict(parameters)).mappings()]

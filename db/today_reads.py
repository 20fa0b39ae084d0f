"""What the pages about a day ask of a tenant: its units' work, its alerts and how fast they were answered, its visits."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from db import alert_changes, queries
from domain import emergencies, fences

_MOST_RESOLVED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDay:
    """A device in service and what it did."""

    device_id: int
    name: str
    person: str | None
    time: dt.datetime | None  #: of its newest fix
    moving: bool | None
    fixes: int
    distance_m: float
    moving_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDay:
    """An alert and who answered it first, by taking or by resolving it."""

    id: uuid.UUID
    state: emergencies.AlertState
    fob: str
    device_name: str
    person: str | None
    raised_at: dt.datetime
    answered_at: dt.datetime | None
    answered_by: str | None

    @property
    def answer_s(self) -> float | None:
        """Seconds from raised to answered; None while nobody did."""
        return None if self.answered_at is None else (self.answered_at - self.raised_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """How often a fence was entered."""

    fence: str
    visits: int
    units: int
    last_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAlert:
    """How an alert ended, and how it came to that."""

    id: uuid.UUID
    fob: str
    device_name: str
    person: str | None
    raised_at: dt.datetime
    resolved_at: dt.datetime
    resolved_by: str
    resolution: str
    history: tuple[alert_changes.Change, ...]


def units(connection: sa.Connection, tenant_id: uuid.UUID, *, since: dt.datetime) -> list[UnitDay]:
    """A tenant's units, the furthest driven first."""
    rows = connection.exec_driver_sql(queries.get("today_units"), {"tenant_id": tenant_id, "since": since}).mappings()
    return [UnitDay(**row) for row in rows]


def alerts(connection: sa.Connection, tenant_id: uuid.UUID, *, since: dt.datetime) -> list[AlertDay]:
    """A tenant's alerts raised since a time, the newest first."""
    rows = connection.exec_driver_sql(queries.get("today_alerts"), {"tenant_id": tenant_id, "since": since}).mappings()
    return [
        AlertDay(**{**row, "person": row["person"] or None, "state": emergencies.AlertState(row["state"])})
        for row in rows
    ]


def visits(connection: sa.Connection, tenant_id: uuid.UUID, *, since: dt.datetime) -> list[Visits]:
    """A tenant's fences that were entered since a time, the most visited first."""
    wanted = {"tenant_id": tenant_id, "since": since, "enter": fences.EventKind.ENTERED}
    rows = connection.exec_driver_sql(queries.get("today_visits"), wanted)
    return [Visits(fence=row.name, visits=row.visits, units=row.units, last_at=row.last_at) for row in rows]


def resolved_alerts(connection: sa.Connection, tenant_id: uuid.UUID, *, since: dt.datetime) -> list[ResolvedAlert]:
    """A tenant's alerts resolved since a time with their histories, the newest first, the newest 200."""
    wanted = {"tenant_id": tenant_id, "since": since, "most": _MOST_RESOLVED}
    rows = connection.exec_driver_sql(queries.get("alerts_resolved_since"), wanted).mappings().all()
    histories = alert_changes.of_alerts(connection, tenant_id, [row["id"] for row in rows])
    return [
        ResolvedAlert(**{**row, "person": row["person"] or None, "history": tuple(histories[row["id"]])})
        for row in rows
    ]

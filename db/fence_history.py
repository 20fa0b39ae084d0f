"""What happened at a tenant's fences: stays and events, page by page, and who had the device then (R62).

The queries name the tenant themselves, so that they serve the command line as well as the web role.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import queries, tables
from domain import assignments, errors, fences

_DAY = dt.timedelta(days=1)


class MarkError(errors.DomainError):
    """What should say where a page begins doesn't."""

    code = "bad_mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last row of a page: a time, and what tells rows of one time apart. It holds even when that row is there no more."""

    at: dt.datetime
    key: str

    def __str__(self) -> str:
        return f"{self.at.astimezone(dt.UTC).isoformat().replace('+00:00', 'Z')}~{self.key}"


def mark_of(text: str) -> Mark:
    """A mark as its text has it.

    Raises:
        MarkError: it is none.
    """
    time, tilde, key = text.partition("~")
    try:
        at = dt.datetime.fromisoformat(time)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not tilde or not key.isprintable():
        raise MarkError("`before` is the `next` of the page before")
    return Mark(at=at, key=key)


def period(
    since: dt.datetime | None, until: dt.datetime | None, *, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """The time that is meant: up to now where nobody says until when, and the day before its end where nobody says since when.

    Raises:
        PeriodError: it is none.
    """
    end = until or now
    assignments.require_period(end, None)
    begin = since or end - _DAY
    assignments.require_period(begin, end)
    return begin, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of the history: what lies in [since, until), of one device and of some fences if they are named."""

    since: dt.datetime
    until: dt.datetime
    device_id: int | None = None
    fence_ids: Sequence[uuid.UUID] | None = None
    kind: fences.EventKind | None = None  #: of events
    before: Mark | None = None
    most: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Of whom and where."""

    geofence_id: uuid.UUID
    fence: str
    device_id: int
    device: str
    person: str | None  #: who had the device when it began
    vehicle: str | None
    corrected_at: dt.datetime | None  #: when late data made or changed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Happening):
    """A stay."""

    id: uuid.UUID
    entered_at: dt.datetime
    dwelled_at: dt.datetime | None
    exited_at: dt.datetime | None  #: None: still inside
    enter_reason: fences.Reason
    exit_reason: fences.Reason | None

    @property
    def duration_s(self) -> float | None:
        """Seconds from entry to exit; None while it lasts."""
        return None if self.exited_at is None else (self.exited_at - self.entered_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Happening):
    """Something that happened at a fence."""

    time: dt.datetime  #: of the fix at which it began
    decided_at: dt.datetime  #: of the fix that settled it
    kind: fences.EventKind
    reason: fences.Reason
    visit_id: uuid.UUID | None
    lat: float | None
    lon: float | None
    speed_mps: float | None
    received_at: dt.datetime
    late: bool


def fence_ids(
    connection: sa.Connection, tenant_id: uuid.UUID, *, fence_id: uuid.UUID | None = None, name: str | None = None
) -> Sequence[uuid.UUID]:
    """The tenant's fences of this id or name, watched or not; several fences may have had one name."""
    fence = tables.geofence
    asked = fence.c.name == name if fence_id is None else fence.c.id == fence_id
    found: Sequence[uuid.UUID] = connection.scalars(
        sa.select(fence.c.id).where(fence.c.tenant_id == tenant_id, asked)
    ).all()
    return found


def visits(connection: sa.Connection, tenant_id: uuid.UUID, wanted: Wanted) -> tuple[list[Visit], Mark | None]:
    """The stays that lie within the time, a part of each at least, the latest entry first; and the mark of the next page."""
    rows = _rows(connection, tenant_id, "fence_visits", wanted)
    made = [Visit(**row) for row in _with_carriers(connection, tenant_id, rows[: wanted.most], "entered_at")]
    last = made[-1] if len(rows) > wanted.most else None
    return made, None if last is None else Mark(at=last.entered_at, key=str(last.id))


def events(connection: sa.Connection, tenant_id: uuid.UUID, wanted: Wanted) -> tuple[list[Event], Mark | None]:
    """What happened within the time, the latest first; and the mark of the next page."""
    rows = _rows(connection, tenant_id, "fence_events", wanted)
    made = [Event(**row) for row in _with_carriers(connection, tenant_id, rows[: wanted.most], "time")]
    last = made[-1] if len(rows) > wanted.most else None
    return made, None if last is None else Mark(at=last.time, key=f"{last.device_id}/{last.geofence_id}/{last.kind}")


def _rows(connection: sa.Connection, tenant_id: uuid.UUID, query: str, wanted: Wanted) -> Sequence[sa.RowMapping]:
    given = {
        "tenant_id": tenant_id,
        "since": wanted.since,
        "until": wanted.until,
        "device_id": wanted.device_id,
        "fence_ids": None if wanted.fence_ids is None else list(wanted.fence_ids),
        "kind": wanted.kind,
        "before": wanted.before.at if wanted.before else None,
        "before_key": wanted.before.key if wanted.before else "",
        "most": wanted.most + 1,
    }
    return connection.exec_driver_sql(queries.get(query), given).mappings().all()


def _with_carriers(
    connection: sa.Connection, tenant_id: uuid.UUID, rows: Sequence[sa.RowMapping], time: str
) -> list[Mapping[str, Any]]:
    given = {
        "tenant_id": tenant_id,
        "device_ids": [row["device_id"] for row in rows],
        "times": [row[time] for row in rows],
    }
    carriers = connection.exec_driver_sql(queries.get("carriers_then"), given).mappings().all()
    return [{**row, **had} for row, had in zip(rows, carriers, strict=True)]

"""Fences, their events, stays and visits, as ingest reads and writes them inside of its transactions."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import rows as psycopg_rows

from db import array_params, fence_rows, queries
from domain import errors, fence_fold, fence_states, fences

_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_OF_STAYS = (fences.EventKind.ENTERED, fences.EventKind.EXITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event with the facts of its receipt."""

    tenant_id: uuid.UUID
    device_id: int
    event: fence_fold.FenceEvent
    received_at: dt.datetime
    late: bool = False
    due_at: dt.datetime | None = None  #: when it could be told at the earliest, where no fix has settled it

    @property
    def fresh_from(self) -> dt.datetime:
        """From when on it grows old."""
        return self.due_at or self.event.decided_at


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRow:
    """What is kept of a device and a fence from now on; None: nothing."""

    tenant_id: uuid.UUID
    device_id: int
    fence_id: uuid.UUID
    stay: fence_states.Stay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Hours in which a device should have been inside."""

    tenant_id: uuid.UUID
    fence_id: uuid.UUID
    device_id: int
    window_start: dt.datetime
    window_end: dt.datetime
    due_at: dt.datetime


@dataclass(slots=True, kw_only=True)
class Watched:
    """The fences that are watched, and the devices of those that don't look at all of their tenant."""

    watched: list[fences.Geofence] = field(default_factory=list)
    assigned: dict[uuid.UUID, frozenset[int]] = field(default_factory=dict)
    unreadable: list[tuple[uuid.UUID, str]] = field(
        default_factory=list
    )  #: written by hand, and what is wrong with them


def load_watched(connection: psycopg.Connection[Any]) -> Watched:
    """Every fence that is watched; one that can't be read keeps no other from being watched."""
    found = Watched()
    with connection.cursor(row_factory=psycopg_rows.dict_row) as cursor:
        for row in cursor.execute(queries.get("watched_fences").encode()):
            try:
                found.watched.append(fence_rows.fence_of(row))
            except errors.DomainError as error:
                found.unreadable.append((row["id"], str(error)))
                continue
            if row["is_assigned"]:
                found.assigned[row["id"]] = frozenset(row["devices"])
    return found


def are_zones_changed(connection: psycopg.Connection[Any], zones: Mapping[uuid.UUID, str]) -> bool:
    """Whether any of these tenants has another time zone than this by now."""
    parameters = {"tenant_id": list(zones), "zone": list(zones.values())}
    row = connection.execute(queries.get("are_zones_changed").encode(), parameters).fetchone()
    return row is not None and row[0]


def tell(
    connection: psycopg.Connection[Any], told: Sequence[EventRow], *, corrected_at: dt.datetime | None = None
) -> None:
    """Keep events and bring the visits up to them; what is there already only gets what is different."""
    if not told:
        return
    _insert(connection, told, corrected_at)
    refresh_visits(connection, map(visit_of, told), corrected_at, may_be_gone=False)
    _reopen_settled(connection, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The fences that events are derived for: some look at all devices of their tenant, some at a few."""

    open_ids: Sequence[uuid.UUID] = ()
    assigned: Sequence[tuple[int, uuid.UUID]] = ()  #: device and fence, of the devices at hand


def replace(
    connection: psycopg.Connection[Any],
    windows: Mapping[str, Any],
    told: Sequence[EventRow],
    *,
    scope: Scope,
    now: dt.datetime,
) -> None:
    """Make the events that were settled in windows of devices (device_id, since, until) those that are given."""
    window = {name: windows[name] for name in ("device_id", "since", "until")}
    parameters = {
        **window,
        "geofence_id": list(scope.open_ids),
        "assigned_device_id": [device_id for device_id, _ in scope.assigned],
        "assigned_geofence_id": [fence_id for _, fence_id in scope.assigned],
        "kept_device_id": [row.device_id for row in told],
        "kept_time": [row.event.time for row in told],
        "kept_geofence_id": [row.event.fence_id for row in told],
        "kept_kind": [row.event.kind.value for row in told],
    }
    rows = connection.execute(queries.get("drop_other_fence_events").encode(), parameters).fetchall()
    if told:
        _insert(connection, told, now)
    gone = {visit_id for _, visit_id in rows if visit_id is not None}
    if gone:
        connection.execute(queries.get("drop_exits_of_nothing").encode(), {"visit_id": sorted(gone)})
    refresh_visits(connection, [*map(visit_of, told), *rows], now)
    connection.execute(queries.get("reopen_absences").encode(), window)


def load_stays(
    connection: psycopg.Connection[Any], device_ids: npt.NDArray[np.int32]
) -> dict[int, dict[uuid.UUID, fence_states.Stay]]:
    """What is kept of these devices, at fences that are watched."""
    found: dict[int, dict[uuid.UUID, fence_states.Stay]] = {}
    for device_id, fence_id, state in connection.execute(queries.get("load_stays").encode(), {"device_id": device_ids}):
        found.setdefault(device_id, {})[fence_id] = fence_states.stay_from_json(state)
    return found


def save_stays(connection: psycopg.Connection[Any], changed: Sequence[StayRow]) -> None:
    """Keep stays, and drop those that have ended."""
    ended = [row for row in changed if row.stay is None]
    if ended:
        pair = {
            "device_id": np.array([row.device_id for row in ended], np.int32),
            "geofence_id": array_params.uuids(row.fence_id for row in ended),
        }
        connection.execute(queries.get("drop_stays").encode(), pair)
    kept = [(row, row.stay) for row in changed if row.stay is not None]
    if kept:
        parameters = {
            "tenant_id": array_params.uuids(row.tenant_id for row, _ in kept),
            "geofence_id": array_params.uuids(row.fence_id for row, _ in kept),
            "device_id": np.array([row.device_id for row, _ in kept], np.int32),
            "phase": [stay.phase.value for _, stay in kept],
            "entered_at": [stay.entered_at for _, stay in kept],
            "state": [json.dumps(fence_states.stay_to_json(stay)) for _, stay in kept],
        }
        connection.execute(queries.get("keep_stays").encode(), parameters)


def set_stays(connection: psycopg.Connection[Any], device_ids: Sequence[int], kept: Sequence[StayRow]) -> None:
    """Make the stays of these devices those that are given."""
    parameters = {
        "device_id": list(device_ids),
        "kept_device_id": [row.device_id for row in kept],
        "kept_geofence_id": [row.fence_id for row in kept],
    }
    connection.execute(queries.get("drop_stays_of").encode(), parameters)
    save_stays(connection, kept)


def end_unwatched_stays(connection: psycopg.Connection[Any], now: dt.datetime) -> list[EventRow]:
    """End the stays at fences that are watched no more, at the newest fix of each device."""
    ended = [
        EventRow(
            tenant_id=tenant_id,
            device_id=device_id,
            event=fence_fold.FenceEvent(
                fence_id=fence_id,
                kind=fences.EventKind.EXITED,
                reason=fences.Reason.EDITED,
                time=max(time, entered_at),
                lat=lat,
                lon=lon,
                decided_at=max(time, entered_at),
                visit_id=fence_fold.visit_id(device_id, fence_id, entered_at),
            ),
            received_at=now,
        )
        for tenant_id, device_id, fence_id, entered_at, time, lat, lon in connection.execute(
            queries.get("drop_unwatched_stays").encode()
        )
    ]
    tell(connection, ended)
    return ended


def plan_absences(connection: psycopg.Connection[Any], planned: Sequence[Absence]) -> None:
    """Note hours that are over, to be looked at later; of a fence whose hours are noted already nothing changes."""
    if planned:
        names = ("tenant_id", "device_id", "window_start", "window_end", "due_at")
        parameters = {name: [getattr(row, name) for row in planned] for name in names}
        parameters["geofence_id"] = [row.fence_id for row in planned]
        connection.execute(queries.get("plan_absences").encode(), parameters)


def devices_of(connection: psycopg.Connection[Any], fence_ids: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, int]]:
    """Fence and device, for each device that one of these fences looks at."""
    return connection.execute(queries.get("fence_devices").encode(), {"geofence_id": list(fence_ids)}).fetchall()


def device_names(connection: psycopg.Connection[Any], device_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Tenant's slug and device's name of each of these devices."""
    rows = connection.execute(queries.get("device_names").encode(), {"device_id": list(device_ids)})
    return {device_id: (tenant, device) for device_id, tenant, device in rows}


def settle_absences(connection: psycopg.Connection[Any], now: dt.datetime, *, most: int) -> list[Absence]:
    """Look at hours whose time has come, at most so many; those in which somebody was missing."""
    rows = connection.execute(queries.get("settle_absences").encode(), {"now": now, "most": most})
    return [
        Absence(
            tenant_id=tenant_id,
            fence_id=fence_id,
            device_id=device_id,
            window_start=start,
            window_end=end,
            due_at=due_at,
        )
        for tenant_id, fence_id, device_id, start, end, due_at in rows
    ]


def _insert(connection: psycopg.Connection[Any], told: Sequence[EventRow], corrected_at: dt.datetime | None) -> None:
    events = [row.event for row in told]
    parameters: dict[str, Any] = {
        "tenant_id": array_params.uuids(row.tenant_id for row in told),
        "geofence_id": array_params.uuids(event.fence_id for event in events),
        "device_id": np.array([row.device_id for row in told], np.int32),
        "kind": [event.kind.value for event in events],
        "reason": [event.reason.value for event in events],
        "time": array_params.times(event.time for event in events),
        "decided_at": array_params.times(event.decided_at for event in events),
        "received_at": array_params.times(row.received_at for row in told),
        "late": np.array([row.late for row in told], np.bool_),
        "visit_id": array_params.uuids(event.visit_id for event in events),
        "no_visit": array_params.NO_UUID,
        "corrected_at": corrected_at,
    }
    # An absence has no place, and many a sender tells no speed: None comes to NaN.
    parameters |= {
        name: np.array([getattr(event, name) for event in events], np.float64) for name in ("lat", "lon", "speed_mps")
    }
    connection.execute(queries.get("tell_fence_events").encode(), parameters)


def _reopen_settled(connection: psycopg.Connection[Any], told: Sequence[EventRow]) -> None:
    """Hours that were settled between what is told and its receipt are looked at again: they may be over by seconds."""
    since: dict[int, dt.datetime] = {}
    for row in told:
        time = row.event.time
        if row.event.kind in _OF_STAYS and _minute(time) < _minute(row.received_at):
            since[row.device_id] = min(time, since.get(row.device_id, time))
    if since:
        parameters = {
            "device_id": np.array(list(since), np.int32),
            "since": array_params.times(since.values()),
            "until": array_params.times([_NEVER] * len(since)),
        }
        connection.execute(queries.get("reopen_absences").encode(), parameters)


def _minute(time: dt.datetime) -> dt.datetime:
    """Hours end with a whole one."""
    return time.replace(second=0, microsecond=0)


def visit_of(row: EventRow) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Tenant and visit of an event."""
    return row.tenant_id, row.event.visit_id


def refresh_visits(
    connection: psycopg.Connection[Any],
    visits: Iterable[tuple[uuid.UUID, uuid.UUID | None]],
    corrected_at: dt.datetime | None = None,
    *,
    may_be_gone: bool = True,
) -> None:
    """Make visits, by tenant and id, what their events say; none is gone where events were only added."""
    named = sorted({(tenant_id, visit_id) for tenant_id, visit_id in visits if visit_id is not None})
    if not named:
        return
    visit_ids = array_params.uuids(visit_id for _, visit_id in named)
    if may_be_gone:
        parameters = {"tenant_id": array_params.uuids(tenant_id for tenant_id, _ in named), "visit_id": visit_ids}
        connection.execute(queries.get("drop_visits_of_nothing").encode(), parameters)
    connection.execute(queries.get("refresh_visits").encode(), {"visit_id": visit_ids, "corrected_at": corrected_at})

"""What an edit of fences changes about devices that have sent nothing since: read and written in ingest's transaction."""

import dataclasses
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows as psycopg_rows

from db import fence_store, queries
from domain import fence_states, fences


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The last good fix of a device."""

    device_id: int
    tenant_id: uuid.UUID
    tenant: str
    device: str
    time_us: int
    lat: float
    lon: float
    state: Mapping[str, Any] | None  #: what else its track keeps (domain.track)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """That a device is in or out of a fence by an edit, and what is kept of it from now on; no event: nobody knew."""

    event: fence_store.EventRow | None
    stay: fence_store.StayRow


def load_seen(connection: psycopg.Connection[Any], tenants: Collection[uuid.UUID]) -> list[Seen]:
    """Where the devices in service of these tenants were seen last."""
    with connection.cursor(row_factory=psycopg_rows.class_row(Seen)) as cursor:
        return cursor.execute(queries.get("devices_seen").encode(), {"tenant_id": list(tenants)}).fetchall()


def load_stays_at(
    connection: psycopg.Connection[Any], fence_ids: Collection[uuid.UUID]
) -> dict[tuple[int, uuid.UUID], fence_states.Stay]:
    """What is kept at these fences, by device and fence."""
    rows = connection.execute(queries.get("load_stays_at").encode(), {"geofence_id": list(fence_ids)})
    return {(device_id, fence_id): fence_states.stay_from_json(state) for device_id, fence_id, state in rows}


def save(connection: psycopg.Connection[Any], notes: Sequence[Note]) -> list[fence_store.EventRow]:
    """Keep what edits have changed; what there is to tell.

    Several edits may come between two fixes, so at one and the same time: an entry that takes an exit back goes on with the
    stay that had ended, and an exit that would stand where another stay has ended takes its entry back.
    """
    told = [note.event for note in notes if note.event is not None]
    goes_on = _resume(connection, [row for row in told if row.event.kind is fences.EventKind.ENTERED])
    taken_back = _undo(connection, [row for row in told if row.event.kind is fences.EventKind.EXITED])
    fence_store.tell(connection, [row for row in told if _key(row) not in goes_on and _key(row) not in taken_back])
    visits = {key: visit_id for key, (visit_id, _) in goes_on.items()} | taken_back
    fence_store.refresh_visits(connection, [(row.tenant_id, visits.get(_key(row))) for row in told])
    stays = [note.stay for note in notes]
    fence_store.save_stays(
        connection,
        [
            dataclasses.replace(row, stay=goes_on[row.device_id, row.fence_id][1])
            if (row.device_id, row.fence_id) in goes_on
            else row
            for row in stays
        ],
    )
    return [_of_visit(row, goes_on[_key(row)][0]) if _key(row) in goes_on else row for row in told]


_Key = tuple[int, uuid.UUID]


def _key(row: fence_store.EventRow) -> _Key:
    return row.device_id, row.event.fence_id


def _of_visit(row: fence_store.EventRow, visit_id: uuid.UUID) -> fence_store.EventRow:
    return dataclasses.replace(row, event=dataclasses.replace(row.event, visit_id=visit_id))


def _resume(
    connection: psycopg.Connection[Any], entries: Sequence[fence_store.EventRow]
) -> dict[_Key, tuple[uuid.UUID, fence_states.Stay]]:
    """Take back the exits by edits at the times of these; the visits and the stays that go on."""
    found: dict[_Key, tuple[uuid.UUID, fence_states.Stay]] = {}
    if entries:
        rows = connection.execute(queries.get("resume_visits").encode(), _pairs(entries))
        for device_id, fence_id, visit_id, entered_at, is_dwell_told in rows:
            stay = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=entered_at, is_dwell_told=is_dwell_told)
            found[device_id, fence_id] = visit_id, stay
    return found


def _undo(connection: psycopg.Connection[Any], exits: Sequence[fence_store.EventRow]) -> dict[_Key, uuid.UUID]:
    """Take back the entries by edits whose exits would stand in the place of another stay's; the visits that are none."""
    if not exits:
        return {}
    rows = connection.execute(queries.get("undo_entries").encode(), _pairs(exits))
    return {(device_id, fence_id): visit_id for device_id, fence_id, visit_id in rows}


def _pairs(told: Sequence[fence_store.EventRow]) -> dict[str, list[Any]]:
    return {
        "device_id": [row.device_id for row in told],
        "geofence_id": [row.event.fence_id for row in told],
        "time": [row.event.time for row in told],
        "visit_id": [row.event.visit_id for row in told],
    }

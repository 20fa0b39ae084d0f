"""Hours in which somebody should have been inside of a fence and was not: noted when they end, settled when late data is in."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import psycopg

from db import fence_store
from domain import fence_fold, fences

EVERY_S = 3.0
_LOOK_BACK = dt.timedelta(days=7)
"""Hours that ended while no ingest ran are looked at as well, up to so long ago."""
_MOST_AT_ONCE = 1_000


class AbsenceWatch:
    """Looks at hours that are over; several processes may, each hour of a device is settled by one."""

    def __init__(self) -> None:
        self._until: dt.datetime | None = None

    def look(
        self, connection: psycopg.Connection[Any], watched: Sequence[fences.Geofence], now: dt.datetime
    ) -> list[fence_store.EventRow]:
        """Note and settle what is due; the events of those that were missing."""
        wanting = [fence for fence in watched if fence.rules.absence is not None]
        planned = _windows(wanting, self._until or now - _LOOK_BACK, now)
        with connection.transaction():
            if planned:
                fence_store.plan_absences(connection, _for_devices(connection, planned))
            missing = fence_store.settle_absences(connection, now, most=_MOST_AT_ONCE)
        self._until = now
        return [_event(absence, now) for absence in missing]


_Window = tuple[fences.Geofence, dt.datetime, dt.datetime]


def _windows(wanting: Sequence[fences.Geofence], after: dt.datetime, until: dt.datetime) -> list[_Window]:
    found: list[_Window] = []
    for fence in wanting:
        assert fence.rules.absence is not None
        ended = fence.rules.absence.windows_ended(after=after, until=until, tenant_zone=fence.zone)
        found += [(fence, begin, end) for begin, end in ended if fence.is_in_force(begin)]
    return found


def _for_devices(connection: psycopg.Connection[Any], windows: Sequence[_Window]) -> list[fence_store.Absence]:
    looked_at = defaultdict[uuid.UUID, list[int]](list)
    for fence_id, device_id in fence_store.devices_of(connection, {fence.id for fence, _, _ in windows}):
        looked_at[fence_id].append(device_id)
    return [
        fence_store.Absence(
            tenant_id=fence.tenant_id,
            fence_id=fence.id,
            device_id=device_id,
            window_start=begin,
            window_end=end,
            due_at=end + dt.timedelta(seconds=fence.rules.absence_grace_s),
        )
        for fence, begin, end in windows
        for device_id in looked_at[fence.id]
    ]


def _event(absence: fence_store.Absence, now: dt.datetime) -> fence_store.EventRow:
    event = fence_fold.FenceEvent(
        fence_id=absence.fence_id,
        kind=fences.EventKind.ABSENT,
        reason=fences.Reason.WINDOW,
        time=absence.window_end,
        lat=None,
        lon=None,
        decided_at=absence.window_end,
    )
    return fence_store.EventRow(
        tenant_id=absence.tenant_id,
        device_id=absence.device_id,
        event=event,
        received_at=now,
        due_at=absence.due_at,
    )

"""Who is inside once fences were edited: judged at where each device was seen last, without waiting for its next fix."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from db import fence_edits, fence_store
from domain import fence_fold, fence_states, fences, track
from domain.wire import topics
from ingest import fence_index, fence_watch, iso_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came of edits."""

    told: list[fence_store.EventRow] = field(default_factory=list)
    device_ids: frozenset[int] = frozenset()  #: whose stays are others now


_Stays = Mapping[tuple[int, uuid.UUID], fence_states.Stay]


def reconsider(
    connection: psycopg.Connection[Any],
    index: fence_index.FenceIndex,
    changed: Collection[uuid.UUID],
    *,
    shards: Collection[int],
    now: dt.datetime,
) -> Judged:
    """Enter and leave fences that were changed, in the database.

    As with fixes the way in leads over the edge, the way out over the edge and a band more. Nobody enters a fence with bounds
    of altitude before the next fix tells its own.

    Args:
        connection: within a transaction.
        index: the fences as they are now.
        changed: those to look at.
        shards: whose devices are looked at; those of others are the others' to look at.
        now: the time of receipt.
    """
    numbers = {index.number_of[fence_id] for fence_id in changed if fence_id in index.number_of}
    if not numbers or not shards:
        return Judged()
    tenants = {index.fences[number].tenant_id for number in numbers}
    seen = [
        each
        for each in fence_edits.load_seen(connection, tenants)
        if topics.shard_of(each.tenant, each.device) in shards
    ]
    stays = fence_edits.load_stays_at(connection, [index.fences[number].id for number in numbers])
    notes = _Look(index, seen, now).judge(numbers, stays)
    return Judged(told=fence_edits.save(connection, notes), device_ids=frozenset(note.stay.device_id for note in notes))


class _Look:
    """A look at where devices were seen last."""

    def __init__(self, index: fence_index.FenceIndex, seen: Sequence[fence_edits.Seen], now: dt.datetime) -> None:
        self._index, self._now = index, now
        self._seen = seen
        places = [_place(each) for each in seen]
        self._lat = np.array([lat for lat, _ in places], np.float64)
        self._lon = np.array([lon for _, lon in places], np.float64)
        self._tenants = np.array([index.tenant_index(each.tenant_id) for each in seen], np.int64)
        self._time_us = np.array([each.time_us for each in seen], np.int64)

    def judge(self, numbers: Collection[int], stays: _Stays) -> list[fence_edits.Note]:
        """Who enters and who leaves these fences."""
        notes = []
        for row, number in self._inside(numbers):
            before = stays.get((self._seen[row].device_id, self._index.fences[number].id))
            if before is None or before.entered_at is None:
                notes.append(self._entry(row, number))
        row_of = {each.device_id: row for row, each in enumerate(self._seen)}
        for (device_id, fence_id), stay in sorted(stays.items(), key=lambda item: item[0]):
            number = self._index.number_of[fence_id]
            if (at := row_of.get(device_id)) is not None and not self._may_stay(at, number):
                notes.append(self._exit(at, number, stay))
        return notes

    def _inside(self, numbers: Collection[int]) -> list[tuple[int, int]]:
        device_ids = np.array([each.device_id for each in self._seen], np.int64)
        row, fence = self._index.inside(self._lat, self._lon, self._tenants, device_ids)
        asked = [number for number in numbers if not _has_heights(self._index.fences[number])]
        holds = np.isin(fence, asked) & self._index.is_in_force(fence, self._time_us[row])
        return list(zip(row[holds].tolist(), fence[holds].tolist(), strict=True))

    def _may_stay(self, row: int, number: int) -> bool:
        fence = self._index.fences[number]
        if not self._index.is_watched(number, int(self._tenants[row]), self._seen[row].device_id):
            return False
        if not fence.is_in_force(iso_times.datetime_of(self._seen[row].time_us)):
            return False
        at = slice(row, row + 1)
        depth_m = self._index.depth_m(np.array([number], np.int64), self._lat[at], self._lon[at])
        return bool(depth_m[0] > -fence.band_m(None))

    def _entry(self, row: int, number: int) -> fence_edits.Note:
        entered_at = iso_times.datetime_of(self._seen[row].time_us)
        stay = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=entered_at)
        return self._note(row, number, stay, self._event(row, number, fences.EventKind.ENTERED, entered_at))

    def _exit(self, row: int, number: int, stay: fence_states.Stay) -> fence_edits.Note:
        if stay.entered_at is None:
            return self._note(row, number, None, None)
        return self._note(row, number, None, self._event(row, number, fences.EventKind.EXITED, stay.entered_at))

    def _event(self, row: int, number: int, kind: fences.EventKind, entered_at: dt.datetime) -> fence_store.EventRow:
        fence, device_id = self._index.fences[number], self._seen[row].device_id
        time = iso_times.datetime_of(self._seen[row].time_us)
        event = fence_fold.FenceEvent(
            fence_id=fence.id,
            kind=kind,
            reason=fences.Reason.EDITED,
            time=time,
            lat=float(self._lat[row]),
            lon=float(self._lon[row]),
            decided_at=time,
            visit_id=fence_fold.visit_id(device_id, fence.id, entered_at),
        )
        return fence_store.EventRow(tenant_id=fence.tenant_id, device_id=device_id, event=event, received_at=self._now)

    def _note(
        self, row: int, number: int, stay: fence_states.Stay | None, event: fence_store.EventRow | None
    ) -> fence_edits.Note:
        fence = self._index.fences[number]
        kept = fence_store.StayRow(
            tenant_id=fence.tenant_id, device_id=self._seen[row].device_id, fence_id=fence.id, stay=stay
        )
        return fence_edits.Note(event=event, stay=kept)


def _has_heights(fence: fences.Geofence) -> bool:
    return fence.floor_m is not None or fence.ceiling_m is not None


def _place(seen: fence_edits.Seen) -> tuple[float, float]:
    last = track.Place(time_us=seen.time_us, lat=seen.lat, lon=seen.lon)
    place = fence_watch.place_of(dataclasses.replace(track.from_json(seen.state or {}), last=last))
    assert place is not None
    return place[1:]

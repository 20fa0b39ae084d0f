"""Who is inside once fences were edited: judged at where each device was seen last, without waiting for its next fix."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from db import fence_store
from domain import fence_fold, fence_states, fences
from ingest import fence_stays, fence_watch, iso_times


@dataclass(slots=True, kw_only=True)
class Edited:
    """What follows from edits."""

    events: list[fence_store.EventRow] = field(default_factory=list)
    stays: list[fence_store.StayRow] = field(default_factory=list)
    changes: list[tuple[int, fence_stays.Change]] = field(default_factory=list)  #: by slot


def reconsider(
    watch: fence_watch.FenceWatch,
    changed: Collection[uuid.UUID],
    *,
    slots: npt.NDArray[np.int64],
    device_ids: npt.NDArray[np.integer],
    tenants: npt.NDArray[np.int64],
    now: dt.datetime,
) -> Edited:
    """Enter and leave fences that were changed.

    Args:
        watch: with the fences as they are now; the caller applies the changes to its book.
        changed: the fences to look at.
        slots: the devices that were met.
        device_ids: theirs.
        tenants: the index's number of theirs.
        now: the time of receipt.
    """
    index, edited = watch.index, Edited()
    seen = slots[watch.last["known"][slots]]
    numbers = np.array(
        sorted(index.number_of[fence_id] for fence_id in changed if fence_id in index.number_of), np.int64
    )
    if not len(seen) or not len(numbers):
        return edited
    known = watch.last["known"][slots]
    device_ids, tenants = device_ids[known], tenants[known]
    last = watch.last[seen]
    row, fence = index.inside(last["lat"], last["lon"], tenants, device_ids)
    holds = np.isin(fence, numbers) & index.is_in_force(fence, last["time_us"][row])
    inside = set(zip(row[holds].tolist(), fence[holds].tolist(), strict=True))
    stays = {
        (at, index.number_of[fence_id])
        for at, slot in enumerate(seen.tolist())
        for fence_id in watch.book.of(slot)
        if index.number_of[fence_id] in numbers
    }
    for at, number in sorted(inside | stays):
        visitor = _Visitor(watch, int(seen[at]), int(device_ids[at]), index.fences[number], now)
        visitor.judge(edited, is_inside=(at, number) in inside)
    return edited


class _Visitor:
    """A device at a fence that was edited."""

    def __init__(
        self, watch: fence_watch.FenceWatch, slot: int, device_id: int, fence: fences.Geofence, now: dt.datetime
    ) -> None:
        self._slot, self._device_id, self._fence, self._now = slot, device_id, fence, now
        time_us, lat, lon = (watch.last[slot][name].item() for name in ("time_us", "lat", "lon"))
        self._mark = fence_states.Mark(time=iso_times.datetime_of(time_us), lat=lat, lon=lon)
        self._stay = watch.book.of(slot).get(fence.id)

    def judge(self, edited: Edited, *, is_inside: bool) -> None:
        """Note what has changed."""
        entered_at = None if self._stay is None else self._stay.entered_at
        if is_inside and entered_at is None:
            stay = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=self._mark.time)
            self._note(edited, fences.EventKind.ENTERED, self._mark.time, stay)
        elif not is_inside and entered_at is not None:
            self._note(edited, fences.EventKind.EXITED, entered_at, None)

    def _note(
        self, edited: Edited, kind: fences.EventKind, entered_at: dt.datetime, stay: fence_states.Stay | None
    ) -> None:
        mark, fence = self._mark, self._fence
        event = fence_fold.FenceEvent(
            fence_id=fence.id,
            kind=kind,
            reason=fences.Reason.EDITED,
            time=mark.time,
            lat=mark.lat,
            lon=mark.lon,
            decided_at=mark.time,
            visit_id=fence_fold.visit_id(self._device_id, fence.id, entered_at),
        )
        edited.events.append(
            fence_store.EventRow(
                tenant_id=fence.tenant_id, device_id=self._device_id, event=event, received_at=self._now
            )
        )
        edited.stays.append(
            fence_store.StayRow(tenant_id=fence.tenant_id, device_id=self._device_id, fence_id=fence.id, stay=stay)
        )
        edited.changes.append((self._slot, {fence.id: stay}))

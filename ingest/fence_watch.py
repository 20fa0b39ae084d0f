"""The fences with what is kept of the devices that this process has met: what a batch of fixes changes in it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from db import fence_store, fix_rows
from domain import fence_states, track
from ingest import fence_index, fence_judge, fence_stays, iso_times

_FIRST_SIZE = 1_024
Place = tuple[int, float, float]
"""Time in microseconds, latitude and longitude."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """What a batch does at the fences."""

    judged: fence_judge.Judged = field(default_factory=fence_judge.Judged)
    slots: npt.NDArray[np.integer] = field(default_factory=lambda: np.zeros(0, np.int64))  #: of the devices
    rows: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0))
    events: list[fence_store.EventRow] = field(default_factory=list)
    stays: list[fence_store.StayRow] = field(default_factory=list)
    changes: Mapping[int, fence_states.Stay | None] = field(default_factory=dict)  #: by `fence_stays.key_of`


class FenceWatch:
    """The index of fences, and the book of stays at them."""

    def __init__(self) -> None:
        self.index = fence_index.FenceIndex()
        self.book = fence_stays.StayBook(self.index)
        self.assigned: Mapping[uuid.UUID, frozenset[int]] = {}
        self.names: dict[uuid.UUID, str] = {}  #: of all fences that were ever watched here
        self.last = np.zeros(_FIRST_SIZE, fence_judge.BEFORE_DTYPE)  #: by slot: where the fences saw a device last

    def load(self, found: fence_store.Watched) -> set[uuid.UUID]:
        """Take these fences in the place of those before; the ids of those that may have others inside now."""
        known = {fence.id: fence for fence in self.index.fences}
        if tuple(found.watched) == self.index.fences and found.assigned == self.assigned:
            return set()
        changed = {
            fence.id
            for fence in found.watched
            if fence.id not in known
            or not fence.holds_as(known[fence.id])
            or self.assigned.get(fence.id) != found.assigned.get(fence.id)
        }
        self.names |= {fence.id: fence.name for fence in found.watched}
        before, self.index = self.book, fence_index.FenceIndex(found.watched, found.assigned, before=self.index)
        self.assigned = found.assigned
        self.book = fence_stays.StayBook(self.index)
        self.book.change((slot, _watched(before.of(slot), self.index)) for slot in before.slots())
        return changed

    def set_devices(
        self,
        slots: npt.NDArray[np.integer],
        *,
        found: Mapping[int, fence_states.Stays],
        last: Mapping[int, Place],
    ) -> None:
        """Take what the database says of these slots: stays, and where the fences saw the device last."""
        self._make_room(int(slots.max(initial=0)))
        self.last["known"][slots] = False
        for slot, (time_us, lat, lon) in last.items():
            self.last[slot] = (True, time_us, lat, lon)
        changes: list[tuple[int, fence_stays.Change]] = []
        for slot in slots.tolist():
            stays = _watched(found.get(slot, {}), self.index)
            gone = {fence_id: None for fence_id in self.book.of(slot) if fence_id not in stays}
            if stays or gone:
                changes.append((slot, {**gone, **stays}))
        self.book.change(changes)

    def judge(
        self, rows: fix_rows.FixRows, starts: npt.NDArray[np.intp], fence_tenant: npt.NDArray[np.int64]
    ) -> Watched:
        """What good fixes that follow on what is known here do; `apply` it before the next.

        Args:
            rows: sorted by slot and time, with their places.
            starts: index of each device's first row.
            fence_tenant: the index's number of each row's tenant.
        """
        slots = rows["slot"][starts]
        at = slots.tolist()
        self._make_room(int(slots.max(initial=0)))
        judged = fence_judge.judge(
            self.index,
            rows,
            starts,
            tenants=fence_tenant,
            before=self.last[slots],
            kept=self.book.kept(slots),
            stay_of=lambda place, number: self.book.stay(at[place], number),
        )
        final = {fence_stays.key_of(at[step.place], step.number): step for step in judged.steps}
        return Watched(
            judged=judged,
            slots=slots,
            rows=rows,
            events=self.event_rows(rows, judged.told),
            stays=self._stay_rows(rows, final),
            changes={key: step.stay for key, step in final.items()},
        )

    def stays_before(self, watched: Watched, openings: Sequence[tuple[int, int]]) -> list[fence_states.Stays]:
        """The stays of devices (slot) just before a time (microseconds) within a batch that was not applied yet."""
        if not openings:
            return []
        place_of = {slot: place for place, slot in enumerate(watched.slots.tolist())}
        slot_of = dict(enumerate(watched.slots.tolist()))
        # A device without a good fix in the batch has no place in it.
        placed = [(place_of.get(slot, -1 - slot), time_us) for slot, time_us in openings]
        return fence_judge.stays_before(
            watched.judged,
            watched.rows,
            lambda place: self.book.of(slot_of[place] if place >= 0 else -1 - place),
            placed,
        )

    def apply(self, watched: Watched) -> None:
        """Take what a batch has changed."""
        self.book.put(watched.changes)
        ends = fix_rows.run_ends(watched.rows["slot"]) if len(watched.rows) else np.zeros(0, np.intp)
        rows, slots = watched.rows, watched.slots
        for name, column in (("time_us", "time_us"), ("lat", "place_lat"), ("lon", "place_lon")):
            self.last[name][slots] = rows[column][ends]
        self.last["known"][slots] = True

    def scope(self, device_ids: Collection[int]) -> fence_store.Scope:
        """The fences that these devices' events are derived for."""
        devices = frozenset(device_ids)
        return fence_store.Scope(
            open_ids=[fence.id for fence in self.index.fences if fence.id not in self.assigned],
            assigned=[
                (device_id, fence_id) for fence_id, some in self.assigned.items() for device_id in some & devices
            ],
        )

    def event_rows(
        self, rows: fix_rows.FixRows, told: Sequence[fence_judge.Told], *, late: bool | None = None
    ) -> list[fence_store.EventRow]:
        """Events as the database keeps them."""
        device_id, received_us, is_late = rows["device_id"], rows["received_us"], rows["late"]
        return [
            fence_store.EventRow(
                tenant_id=self.index.fences[each.number].tenant_id,
                device_id=int(device_id[each.row]),
                event=each.event,
                received_at=iso_times.datetime_of(int(received_us[each.row])),
                late=bool(is_late[each.row]) if late is None else late,
            )
            for each in told
        ]

    def stay_row(self, device_id: int, fence_id: uuid.UUID, stay: fence_states.Stay) -> fence_store.StayRow:
        """A stay as the database keeps it."""
        tenant_id = self.index.fences[self.index.number_of[fence_id]].tenant_id
        return fence_store.StayRow(tenant_id=tenant_id, device_id=device_id, fence_id=fence_id, stay=stay)

    def _stay_rows(self, rows: fix_rows.FixRows, final: Mapping[int, fence_judge.Step]) -> list[fence_store.StayRow]:
        fences, get, device_id = self.index.fences, self.book.get, rows["device_id"]
        return [
            fence_store.StayRow(
                tenant_id=fences[step.number].tenant_id,
                device_id=int(device_id[step.row]),
                fence_id=step.fence_id,
                stay=step.stay,
            )
            for key, step in final.items()
            if step.stay != get(key)
        ]

    def _make_room(self, slot: int) -> None:
        while slot >= len(self.last):
            self.last = np.concatenate([self.last, np.zeros_like(self.last)])


def _watched(stays: fence_states.Stays, index: fence_index.FenceIndex) -> fence_states.Stays:
    return {fence_id: stay for fence_id, stay in stays.items() if fence_id in index.number_of}


def place_of(state: track.State) -> Place | None:
    """When and where the fences have seen a device last."""
    if state.last is None:
        return None
    place = state.anchor if state.is_parked and state.anchor is not None else state.last
    return state.last.time_us, place.lat, place.lon

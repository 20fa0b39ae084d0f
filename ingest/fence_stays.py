"""What is kept of devices and fences, by slot, with columns for what a batch asks of all at once."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain import fence_states
from ingest import fence_index, iso_times

_SLOT = 2**32

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Change = Mapping[uuid.UUID, fence_states.Stay | None]


@dataclass(slots=True, kw_only=True)
class Kept:
    """The pairs of device and fence of which something is kept, for some devices."""

    key: Ints  #: place of the device times the number of fences, plus the fence; sorted
    is_plain: Bools  #: plainly inside, no rule is counting
    due_us: Ints  #: when the stay is long enough for the dwell rule


class StayBook:
    """The stays of the devices that this process has met, at the fences of one index."""

    def __init__(self, index: fence_index.FenceIndex) -> None:
        self._index = index
        self._stays: dict[int, fence_states.Stay] = {}
        self._key = np.zeros(0, np.int64)
        self._is_plain = np.zeros(0, np.bool_)
        self._due_us = np.zeros(0, np.int64)

    def stay(self, slot: int, number: int) -> fence_states.Stay | None:
        """What is kept of a device and a fence, by its number."""
        return self._stays.get(slot * _SLOT + number)

    def get(self, key: int) -> fence_states.Stay | None:
        """The same by `key_of`."""
        return self._stays.get(key)

    def of(self, slot: int) -> fence_states.Stays:
        """The stays of one device."""
        first, end = np.searchsorted(self._key, [slot * _SLOT, (slot + 1) * _SLOT])
        keys = self._key[first:end].tolist()
        return {self._index.fences[key % _SLOT].id: self._stays[key] for key in keys}

    def slots(self) -> list[int]:
        """The slots of which anything is kept."""
        slots: list[int] = np.unique(self._key // _SLOT).tolist()
        return slots

    def kept(self, slots: npt.NDArray[np.integer]) -> Kept:
        """What is kept of these slots, which are sorted."""
        wide = slots.astype(np.int64) * _SLOT
        first = np.searchsorted(self._key, wide)
        count = np.searchsorted(self._key, wide + (_SLOT - 1), "right") - first
        place = np.repeat(np.arange(len(slots)), count)
        at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(len(place))
        key = place * max(1, len(self._index.fences)) + self._key[at] % _SLOT
        return Kept(key=key, is_plain=self._is_plain[at], due_us=self._due_us[at])

    def change(self, changes: Iterable[tuple[int, Change]]) -> None:
        """Take what has changed, by slot and fence; None ends a stay."""
        number_of = self._index.number_of
        self.put(
            {
                key_of(slot, number_of[fence_id]): stay
                for slot, change in changes
                for fence_id, stay in change.items()
                if fence_id in number_of
            }
        )

    def put(self, changes: Mapping[int, fence_states.Stay | None]) -> None:
        """Take what has changed, by `key_of`; None ends a stay."""
        if not changes:
            return
        for key, stay in changes.items():
            if stay is None:
                self._stays.pop(key, None)
            else:
                self._stays[key] = stay
        self._write(changes)

    def _write(self, changes: Mapping[int, fence_states.Stay | None]) -> None:
        changed = np.array(sorted(changes), np.int64)
        known = np.searchsorted(self._key, changed)
        known = (
            known[(known < len(self._key)) & (self._key[np.minimum(known, len(self._key) - 1)] == changed)]
            if len(self._key)
            else known[:0]
        )
        left = [(key, stay) for key in changed.tolist() if (stay := changes[key]) is not None]
        plain = [is_plain(stay) for _, stay in left]
        due_us = [dwell_due_us(self._index, key % _SLOT, stay) for key, stay in left]
        key = np.delete(self._key, known)
        new = np.array([key for key, _ in left], np.int64)
        at = np.searchsorted(key, new)
        self._key = np.insert(key, at, new)
        self._is_plain = np.insert(np.delete(self._is_plain, known), at, plain)
        self._due_us = np.insert(np.delete(self._due_us, known), at, np.array(due_us, np.int64))


def key_of(slot: int, number: int) -> int:
    """A device and a fence, by its number, as one."""
    return slot * _SLOT + number


def is_plain(stay: fence_states.Stay) -> bool:
    """Whether a device is plainly inside and no rule is counting."""
    return stay.phase is fence_states.Phase.IN and stay.speeding is None


def dwell_due_us(index: fence_index.FenceIndex, number: int, stay: fence_states.Stay) -> int:
    """When a stay is long enough to be told."""
    dwell_us = int(index.dwell_us[number])
    if dwell_us == fence_index.NEVER_US or stay.is_dwell_told or stay.entered_at is None:
        return fence_index.NEVER_US
    return iso_times.unix_us(stay.entered_at) + dwell_us

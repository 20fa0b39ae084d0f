"""The vectorised twin of `domain.fence_fold`: what the fixes of many devices do at the fences.

Nearly every fix changes nothing: its device is plainly inside, plainly outside, and no rule is waiting. Such pairs of device
and fence are settled in columns; only the others, fix by fix, go through the plain fold.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import fence_fold, fence_states
from ingest import fence_grid, fence_index, fence_looks, fence_stays

BEFORE_DTYPE = np.dtype([("known", "?"), ("time_us", "i8"), ("lat", "f8"), ("lon", "f8")])
"""Where the fences saw a device last."""

_SURELY_SHORTER = 0.9
"""A way is measured in the plane; so much leaves room for what that is wrong by."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
StaysOf = Callable[[int], fence_states.Stays]
StayOf = Callable[[int, int], fence_states.Stay | None]


@dataclass(slots=True, kw_only=True)  # not frozen, nor the next: thousands are made a second
class Told:
    """An event with the row that settled it."""

    row: int
    number: int  #: of the fence
    event: fence_fold.FenceEvent


@dataclass(slots=True, kw_only=True)
class Step:
    """A stay as it is from a row on."""

    row: int
    place: int  #: of the device
    number: int  #: of the fence; −1: it is watched no more
    fence_id: uuid.UUID
    stay: fence_states.Stay | None


@dataclass(slots=True, kw_only=True)
class Judged:
    """What came of it."""

    told: list[Told] = field(default_factory=list)  #: by row, in the order of `fence_fold.in_order`
    steps: list[Step] = field(default_factory=list)  #: each device's and fence's in order

    def changed(self, until: int | None = None) -> dict[int, dict[uuid.UUID, fence_states.Stay | None]]:
        """The stays that the rows, or those before one, have left other than they were: by device's place and fence."""
        changed: dict[int, dict[uuid.UUID, fence_states.Stay | None]] = {}
        for step in self.steps:
            if until is None or step.row < until:
                changed.setdefault(step.place, {})[step.fence_id] = step.stay
        return changed


def stays_before(
    judged: Judged, rows: fix_rows.FixRows, stays_of: StaysOf, openings: Sequence[tuple[int, int]]
) -> list[fence_states.Stays]:
    """The stays of devices (place) just before a time (microseconds) within the rows; `stays_of` are those before all."""
    steps: dict[int, list[Step]] = {}
    for step in judged.steps if openings else ():
        steps.setdefault(step.place, []).append(step)
    found: list[fence_states.Stays] = []
    for place, time_us in openings:
        past = {
            step.fence_id: step.stay
            for step in steps.get(place, ())
            if step.row < 0 or rows["time_us"][step.row] < time_us
        }
        found.append(changed_stays(stays_of(place), past))
    return found


def changed_stays(
    stays: fence_states.Stays, change: Mapping[uuid.UUID, fence_states.Stay | None]
) -> fence_states.Stays:
    """Stays after a change; None ends one."""
    if not change:
        return stays
    return {fence_id: stay for fence_id, stay in {**stays, **change}.items() if stay is not None}


def judge(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    *,
    tenants: Ints,
    before: npt.NDArray[np.void],
    kept: fence_stays.Kept,
    stay_of: StayOf,
) -> Judged:
    """Take the next rows of each device.

    Args:
        index: the fences.
        rows: good fixes, sorted by device and time; seen at `place_lat` and `place_lon`, if there are such columns.
        starts: index of each device's first row.
        tenants: the index's number of each row's tenant.
        before: for each of `starts`, in BEFORE_DTYPE.
        kept: the stays of these devices in columns, at fences of the index that look at them.
        stay_of: what is kept of a device, by its place in `starts`, and a fence, by its number.
    """
    judged = Judged()
    if not len(rows) or not index.fences:
        return judged
    width = len(index.fences)
    seen = fence_looks.columns(rows, starts, before)
    (row, fence), ways = index.reached(
        (seen.before_lat, seen.before_lon), (seen.lat, seen.lon), tenants, rows["device_id"]
    )
    passed = _passed(index, seen, ways, row * width + fence)
    holds = index.is_in_force(fence, seen.time_us[row]) & index.is_at_height(fence, rows["alt_m"][row])
    row, fence = row[holds], fence[holds]
    inside = row * width + fence
    unsettled = _unsettled(index, rows, seen, kept, (row, fence), passed, width)
    _fold(index, rows, seen, unsettled, (inside, passed), kept, stay_of, judged)
    return judged


def judge_states(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    *,
    tenants: Ints,
    before: npt.NDArray[np.void],
    states: Sequence[fence_states.Stays],
) -> Judged:
    """As `judge`, with the states of the devices in the order of `starts`; what is watched no more is forgotten."""
    width = max(1, len(index.fences))
    entries: list[tuple[int, bool, int]] = []
    dropped: list[Step] = []
    for place, stays in enumerate(states):
        for fence_id, stay in stays.items():
            number = index.number_of.get(fence_id)
            at = starts[place]
            if number is None or not index.is_watched(number, int(tenants[at]), int(rows["device_id"][at])):
                dropped.append(Step(row=-1, place=place, number=-1, fence_id=fence_id, stay=None))
            else:
                due_us = fence_stays.dwell_due_us(index, number, stay)
                entries.append((place * width + number, fence_stays.is_plain(stay), due_us))
    entries.sort()
    kept = fence_stays.Kept(
        key=np.array([key for key, _, _ in entries], np.int64),
        is_plain=np.array([plain for _, plain, _ in entries], np.bool_),
        due_us=np.array([due_us for _, _, due_us in entries], np.int64),
    )

    def stay_of(place: int, number: int) -> fence_states.Stay | None:
        return states[place].get(index.fences[number].id)

    judged = judge(index, rows, starts, tenants=tenants, before=before, kept=kept, stay_of=stay_of)
    judged.steps[:0] = dropped
    return judged


def _passed(index: fence_index.FenceIndex, seen: fence_looks.Seen, ways: fence_index.Pairs, inside: Ints) -> Ints:
    """Row and fence, as one number, of each way through with both ends clear outside; sorted."""
    width = len(index.fences)
    row, fence = ways
    # Where the fix before lies inside, there is nothing to ask.
    begins_inside = fence_grid.is_among((row - 1) * width + fence, inside) & ~seen.is_start[row]
    known = np.flatnonzero(seen.has_way[row] & ~begins_inside)
    # Two ends that lie a band or more outside are two bands apart, or the way between them touches nothing.
    band_m = index.band_m(fence[known], seen.accuracy_m[row[known]])
    long = seen.way_m(row[known]) >= _SURELY_SHORTER * 2.0 * band_m
    row, fence, band_m = row[known[long]], fence[known[long]], band_m[long]
    before, now = (seen.before_lat[row], seen.before_lon[row]), (seen.lat[row], seen.lon[row])
    chosen = index.is_passed(fence, before, now)
    row, fence, band_m = row[chosen], fence[chosen], band_m[chosen]
    clear = index.depth_m(fence, now[0][chosen], now[1][chosen]) <= -band_m
    clear &= index.depth_m(fence, before[0][chosen], before[1][chosen]) <= -band_m
    passed: Ints = (row * width + fence)[clear]
    return passed


def _unsettled(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    seen: fence_looks.Seen,
    kept: fence_stays.Kept,
    inside: fence_index.Pairs,
    passed: Ints,
    width: int,
) -> Ints:
    """Device and fence, as one number, of each pair that must be looked at fix by fix; sorted."""
    row, fence = inside
    ordered = np.sort(seen.device[row] * width + fence)
    key = fence_grid.distinct(ordered)
    count = np.searchsorted(ordered, key, "right") - np.searchsorted(ordered, key)
    device = kept.key // width
    at = np.minimum(np.searchsorted(key, kept.key), max(0, len(key) - 1))
    settled = kept.is_plain & (kept.due_us > seen.time_us[seen.ends[device] - 1])
    if len(key):
        settled &= (key[at] == kept.key) & (count[at] == (seen.ends - seen.starts)[device])
    else:
        settled[:] = False
    with np.errstate(invalid="ignore"):
        fast = rows["speed_mps"][row] > index.speed_limit_mps[fence]
    if fast.any():
        settled &= ~fence_grid.is_among(kept.key, fence_grid.distinct(seen.device[row[fast]] * width + fence[fast]))
    crossed = seen.device[passed // width] * width + passed % width
    doubtful = fence_grid.distinct(np.concatenate([key, kept.key, crossed]))
    return doubtful[~fence_grid.is_among(doubtful, kept.key[settled])]


def _fold(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    seen: fence_looks.Seen,
    unsettled: Ints,
    marked: tuple[Ints, Ints],
    kept: fence_stays.Kept,
    stay_of: StayOf,
    judged: Judged,
) -> None:
    width = len(index.fences)
    device, fence = unsettled // width, unsettled % width
    count = (seen.ends - seen.starts)[device]
    pair = np.repeat(np.arange(len(unsettled)), count)
    row = np.repeat(seen.starts[device] - (np.cumsum(count) - count), count) + np.arange(len(pair))
    row_key = row * width + fence[pair]
    inside, passed = (fence_grid.is_among(row_key, each) for each in marked)
    with np.errstate(invalid="ignore"):
        fast = rows["speed_mps"][row] > index.speed_limit_mps[fence[pair]]
    quiet_until_us = np.where(inside & ~fast, seen.time_us[row], fence_index.NEVER_US).tolist()
    is_inside, has_passed = inside.tolist(), passed.tolist()
    begins = np.zeros(len(row), np.bool_)
    first = np.cumsum(count) - count
    # Plainly outside with nothing kept, or plainly inside, the first row asks for no look.
    is_kept, is_plain = (fence_grid.is_among(unsettled, each) for each in (kept.key, kept.key[kept.is_plain]))
    begins[first] = np.where(inside[first], ~is_plain, is_kept)
    looks = fence_looks.Looks(index, rows, seen, row, fence[pair], (inside, passed), begins)
    counts = zip(device.tolist(), fence.tolist(), count.tolist(), strict=True)
    rows_of, begin = row.tolist(), 0
    for place, number, length in counts:
        watched = index.fences[number]
        stay = stay_of(place, number)
        due_us = _due_us(index, number, stay)
        for at in range(begin, begin + length):
            if quiet_until_us[at] < due_us or (stay is None and not (is_inside[at] or has_passed[at])):
                continue
            look, here = looks.at(at)
            if look.is_edge_out[here] and look.time_us[here] < due_us:
                continue
            glimpse = look.glimpse(here, has_passed=has_passed[at])
            now, events = fence_fold.advance(watched, stay, glimpse, device_id=look.device_id[here])
            if now is not stay:
                stay, due_us = now, _due_us(index, number, now)
                judged.steps.append(Step(row=rows_of[at], place=place, number=number, fence_id=watched.id, stay=stay))
            judged.told += [Told(row=rows_of[at], number=number, event=event) for event in events]
        begin += length
    judged.told.sort(key=lambda told: (told.row, *fence_fold.order_of(told.event)))


def _due_us(index: fence_index.FenceIndex, number: int, stay: fence_states.Stay | None) -> int:
    """Until when a row plainly inside, or just outside of the edge, changes nothing."""
    if stay is None or not fence_stays.is_plain(stay):
        return -fence_index.NEVER_US
    return fence_stays.dwell_due_us(index, number, stay)

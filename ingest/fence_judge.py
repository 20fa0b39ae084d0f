"""The vectorised twin of `domain.fence_fold`: what the fixes of many devices do at the fences.

Nearly every fix changes nothing: its device is plainly inside, plainly outside, and no rule is waiting. Such pairs of device
and fence are settled in columns; only the others, fix by fix, go through the plain fold.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import fence_fold, fence_states, fences
from ingest import fence_index, iso_times

BEFORE_DTYPE = np.dtype([("known", "?"), ("time_us", "i8"), ("lat", "f8"), ("lon", "f8")])
"""Where the fences saw a device last."""
_LONGEST_CROSSING_US = round(fence_fold.LONGEST_CROSSING.total_seconds() * 1e6)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event with the row that settled it."""

    row: int
    event: fence_fold.FenceEvent


@dataclass(slots=True, kw_only=True)
class Judged:
    """What came of it."""

    told: list[Told] = field(default_factory=list)  #: by row, in the order of `fence_fold.in_order`
    changed: dict[int, dict[uuid.UUID, fence_states.Stay | None]] = field(default_factory=dict)  #: by device's place


@dataclass(slots=True, kw_only=True)
class _Seen:
    """The rows at hand, in columns."""

    device: Ints  #: place of each row's device in `starts`
    lat: Floats
    lon: Floats
    time_us: Ints
    accuracy_m: Floats
    before_lat: Floats
    before_lon: Floats
    has_way: Bools  #: the row before it is known and near in time
    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]


def judge(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    *,
    tenants: Ints,
    before: npt.NDArray[np.void],
    states: Sequence[fence_states.Stays],
) -> Judged:
    """Take the next rows of each device.

    Args:
        index: the fences.
        rows: good fixes, sorted by device and time; seen at `place_lat` and `place_lon`, if there are such columns.
        starts: index of each device's first row.
        tenants: the index's number of each row's tenant.
        before: for each of `starts`, in BEFORE_DTYPE.
        states: for each of `starts`.
    """
    judged = Judged()
    if not len(rows) or not (index.fences or any(states)):
        return judged
    width = max(1, len(index.fences))
    seen = _columns(rows, starts, before)
    row, fence = index.inside(seen.lat, seen.lon, tenants, rows["device_id"])
    kept = _keep(index, rows, starts, tenants, states, judged)
    passed = _passed(index, rows, seen, tenants, row * width + fence, width)
    holds = index.is_in_force(fence, seen.time_us[row]) & index.is_at_height(fence, rows["alt_m"][row])
    row, fence = row[holds], fence[holds]
    inside = row * width + fence
    unsettled = _unsettled(index, rows, seen, kept, (row, fence), passed, width)
    _fold(index, rows, seen, unsettled, (inside, passed), states, judged)
    return judged


def _columns(rows: fix_rows.FixRows, starts: npt.NDArray[np.intp], before: npt.NDArray[np.void]) -> _Seen:
    names = rows.dtype.names or ()
    lat = rows["place_lat" if "place_lat" in names else "lat"]
    lon = rows["place_lon" if "place_lon" in names else "lon"]
    time_us = rows["time_us"]
    before_lat, before_lon, before_us = np.roll(lat, 1), np.roll(lon, 1), np.roll(time_us, 1)
    is_known = np.ones(len(rows), np.bool_)
    for column, name in ((before_lat, "lat"), (before_lon, "lon"), (before_us, "time_us"), (is_known, "known")):
        column[starts] = before[name]
    ends = np.append(starts[1:], len(rows))
    told, hdop = rows["accuracy_m"].astype(np.float64), rows["hdop"].astype(np.float64)
    return _Seen(
        device=np.repeat(np.arange(len(starts)), ends - starts),
        lat=lat,
        lon=lon,
        time_us=time_us,
        accuracy_m=np.where(np.isnan(told), hdop * fences.UERE_M, told),
        before_lat=before_lat,
        before_lon=before_lon,
        has_way=is_known & (time_us - before_us <= _LONGEST_CROSSING_US),
        starts=starts,
        ends=ends,
    )


@dataclass(slots=True, kw_only=True)
class _Kept:
    """The pairs of device and fence of which something is kept."""

    key: Ints
    is_plain: Bools  #: plainly inside, no rule is counting
    due_us: Ints  #: when the stay is long enough for the dwell rule


def _keep(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    tenants: Ints,
    states: Sequence[fence_states.Stays],
    judged: Judged,
) -> _Kept:
    width = max(1, len(index.fences))
    keys: list[int] = []
    plain: list[bool] = []
    due_us: list[int] = []
    for place, stays in enumerate(states):
        if not stays:
            continue
        tenant, device_id = int(tenants[starts[place]]), int(rows["device_id"][starts[place]])
        for fence_id, stay in stays.items():
            number = index.number_of.get(fence_id)
            if number is None or not index.is_watched(number, tenant, device_id):
                judged.changed.setdefault(place, {})[fence_id] = None
                continue
            keys.append(place * width + number)
            plain.append(stay.phase is fence_states.Phase.IN and stay.speeding is None)
            due_us.append(_due_us(index, number, stay))
    return _Kept(key=np.array(keys, np.int64), is_plain=np.array(plain, np.bool_), due_us=np.array(due_us, np.int64))


def _due_us(index: fence_index.FenceIndex, number: int, stay: fence_states.Stay) -> int:
    dwell_us = int(index.dwell_us[number])
    if dwell_us == fence_index.NEVER_US or stay.is_dwell_told or stay.entered_at is None:
        return fence_index.NEVER_US
    return iso_times.unix_us(stay.entered_at) + dwell_us


def _passed(
    index: fence_index.FenceIndex, rows: fix_rows.FixRows, seen: _Seen, tenants: Ints, inside: Ints, width: int
) -> Ints:
    """Row and fence, as one number, of each way through with both ends clear outside."""
    asked = np.flatnonzero(seen.has_way)
    now, before = (seen.lat, seen.lon), (seen.before_lat, seen.before_lon)
    at = (before[0][asked], before[1][asked]), (now[0][asked], now[1][asked])
    row, fence = index.ways(*at, tenants[asked], rows["device_id"][asked])
    row = asked[row]
    # Where a fix inside begins or ends the way, there is nothing to ask.
    ends_inside = np.isin(row * width + fence, inside)
    begins_inside = np.isin((row - 1) * width + fence, inside) & ~np.isin(row, seen.starts)
    outside = ~(ends_inside | begins_inside)
    row, fence = row[outside], fence[outside]
    chosen = index.is_passed(fence, (before[0][row], before[1][row]), (now[0][row], now[1][row]))
    row, fence = row[chosen], fence[chosen]
    band_m = index.band_m(fence, seen.accuracy_m[row])
    clear = index.depth_m(fence, now[0][row], now[1][row]) <= -band_m
    clear &= index.depth_m(fence, before[0][row], before[1][row]) <= -band_m
    passed: Ints = (row * width + fence)[clear]
    return passed


def _unsettled(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    seen: _Seen,
    kept: _Kept,
    inside: fence_index.Pairs,
    passed: Ints,
    width: int,
) -> Ints:
    """Device and fence, as one number, of each pair that must be looked at fix by fix; sorted."""
    row, fence = inside
    key, count = np.unique(seen.device[row] * width + fence, return_counts=True)
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
        settled &= ~np.isin(kept.key, seen.device[row[fast]] * width + fence[fast])
    crossed = seen.device[passed // width] * width + passed % width
    return np.setdiff1d(np.union1d(np.union1d(key, kept.key), crossed), kept.key[settled])


def _fold(
    index: fence_index.FenceIndex,
    rows: fix_rows.FixRows,
    seen: _Seen,
    unsettled: Ints,
    marked: tuple[Ints, Ints],
    states: Sequence[fence_states.Stays],
    judged: Judged,
) -> None:
    width = max(1, len(index.fences))
    device, fence = unsettled // width, unsettled % width
    count = (seen.ends - seen.starts)[device]
    pair = np.repeat(np.arange(len(unsettled)), count)
    row = np.repeat(seen.starts[device] - (np.cumsum(count) - count), count) + np.arange(len(pair))
    row_key = row * width + fence[pair]
    is_inside, has_passed = np.isin(row_key, marked[0]), np.isin(row_key, marked[1])
    look = _look(index, rows, seen, row, fence[pair])
    at = 0
    for number, length in enumerate(count.tolist()):
        place, fence_number = int(device[number]), int(fence[number])
        watched = index.fences[fence_number]
        stay = before = states[place].get(watched.id)
        for step in range(at, at + length):
            if stay is None and not is_inside[step] and not has_passed[step]:
                continue
            glimpse = look.glimpse(step, has_passed=bool(has_passed[step]))
            stay, events = fence_fold.advance(watched, stay, glimpse, device_id=look.device_id[step])
            judged.told += [Told(row=int(row[step]), event=event) for event in events]
        at += length
        if stay != before:
            judged.changed.setdefault(place, {})[watched.id] = stay
    judged.told.sort(key=lambda told: (told.row, *fence_fold.order_of(told.event)))


@dataclass(slots=True, kw_only=True)
class _Look:
    """Rows as fences see them, side by side, as plain Python numbers."""

    time_us: list[int]
    lat: list[float]
    lon: list[float]
    speed_mps: list[float]
    depth_m: list[float]
    band_m: list[float]
    is_in_force: list[bool]
    is_at_height: list[bool]
    device_id: list[int]

    def glimpse(self, at: int, *, has_passed: bool) -> fence_fold.Glimpse:
        time = iso_times.datetime_of(self.time_us[at])
        speed_mps = self.speed_mps[at]
        return fence_fold.Glimpse(
            mark=fence_states.Mark(time=time, lat=self.lat[at], lon=self.lon[at]),
            depth_m=self.depth_m[at],
            band_m=self.band_m[at],
            is_in_force=self.is_in_force[at],
            is_at_height=self.is_at_height[at],
            has_passed=has_passed,
            speed_mps=None if speed_mps != speed_mps else speed_mps,  # noqa: PLR0124 - NaN
        )


def _look(index: fence_index.FenceIndex, rows: fix_rows.FixRows, seen: _Seen, row: Ints, fence: Ints) -> _Look:
    lat, lon = seen.lat[row], seen.lon[row]
    return _Look(
        time_us=seen.time_us[row].tolist(),
        lat=lat.tolist(),
        lon=lon.tolist(),
        speed_mps=rows["speed_mps"][row].tolist(),
        depth_m=index.depth_m(fence, lat, lon).tolist(),
        band_m=index.band_m(fence, seen.accuracy_m[row]).tolist(),
        is_in_force=index.is_in_force(fence, seen.time_us[row]).tolist(),
        is_at_height=index.is_at_height(fence, rows["alt_m"][row]).tolist(),
        device_id=rows["device_id"][row].tolist(),
    )

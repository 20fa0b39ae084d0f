"""What the fences see of the fixes of many devices: columns with the way since the fix before, and looks from near at some."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import fence_fold, fence_states, telemetry
from ingest import fence_geometry, fence_index, iso_times

_ROWS_ON, _ROWS_AT_ONCE = 4, 16
"""A stay mostly begins and ends within so many rows at an edge; if it doesn't, so many more are looked at."""
_LONGEST_CROSSING_US = round(fence_fold.LONGEST_CROSSING.total_seconds() * 1e6)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class Seen:
    """The rows at hand, in columns."""

    device: Ints  #: place of each row's device in `starts`
    lat: Floats
    lon: Floats
    time_us: Ints
    accuracy_m: Floats
    before_lat: Floats
    before_lon: Floats
    has_way: Bools  #: the row before it is known and near in time
    is_start: Bools
    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]

    def way_m(self, row: Ints) -> Floats:
        """Metres from the fix before, as the plane at each of these rows has them."""
        north_m, east_m = fence_geometry.metres_per_degree(self.lat[row])
        d_lon = np.abs(self.lon[row] - self.before_lon[row])
        away: Floats = np.hypot(
            (self.lat[row] - self.before_lat[row]) * north_m, np.minimum(d_lon, 360.0 - d_lon) * east_m
        )
        return away


def columns(rows: fix_rows.FixRows, starts: npt.NDArray[np.intp], before: npt.NDArray[np.void]) -> Seen:
    """The columns of rows as `fence_judge.judge` takes them."""
    names = rows.dtype.names or ()
    lat = rows["place_lat" if "place_lat" in names else "lat"]
    lon = rows["place_lon" if "place_lon" in names else "lon"]
    time_us = rows["time_us"]
    before_lat, before_lon, before_us = np.roll(lat, 1), np.roll(lon, 1), np.roll(time_us, 1)
    is_known = np.ones(len(rows), np.bool_)
    for column, name in ((before_lat, "lat"), (before_lon, "lon"), (before_us, "time_us"), (is_known, "known")):
        column[starts] = before[name]
    has_way = is_known & (time_us - before_us <= _LONGEST_CROSSING_US)
    before_lat, before_lon = np.where(has_way, before_lat, lat), np.where(has_way, before_lon, lon)
    is_start = np.zeros(len(rows), np.bool_)
    is_start[starts] = True
    ends = np.append(starts[1:], len(rows))
    told, hdop = rows["accuracy_m"].astype(np.float64), rows["hdop"].astype(np.float64)
    return Seen(
        device=np.repeat(np.arange(len(starts)), ends - starts),
        lat=lat,
        lon=lon,
        time_us=time_us,
        accuracy_m=np.where(np.isnan(told), hdop * telemetry.METRES_PER_HDOP, told),
        before_lat=before_lat,
        before_lon=before_lon,
        has_way=has_way,
        is_start=is_start,
        starts=starts,
        ends=ends,
    )


@dataclass(slots=True, kw_only=True)
class Look:
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
    is_edge_out: list[bool]  #: just outside of the edge: where a stay goes on, it says nothing

    def glimpse(self, at: int, *, has_passed: bool) -> fence_fold.Glimpse:
        """One of them, as the plain fold takes it."""
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


class Looks:
    """Of pairs of row and fence, those where something begins or ends and a few after them at once, others when asked for."""

    def __init__(
        self,
        index: fence_index.FenceIndex,
        rows: fix_rows.FixRows,
        seen: Seen,
        row: Ints,
        fence: Ints,
        marked: tuple[Bools, Bools],
        begins: Bools,
    ) -> None:
        self._index, self._rows, self._seen, self._row, self._fence = index, rows, seen, row, fence
        inside, passed = marked
        edge = passed | begins
        edge[1:] |= inside[1:] != inside[:-1]
        wanted = edge.copy()
        for later in range(1, _ROWS_ON + 1):
            wanted[later:] |= edge[:-later]
        self._place = np.where(wanted, np.cumsum(wanted) - 1, -1).tolist()
        self._first = _look(index, rows, seen, row[wanted], fence[wanted])
        self._begin, self._next = 0, self._first

    def at(self, pair: int) -> tuple[Look, int]:
        """The look at a pair, and its place there."""
        if self._place[pair] >= 0:
            return self._first, self._place[pair]
        if not self._begin <= pair < self._begin + len(self._next.time_us) or self._next is self._first:
            part = slice(pair, pair + _ROWS_AT_ONCE)
            self._next = _look(self._index, self._rows, self._seen, self._row[part], self._fence[part])
            self._begin = pair
        return self._next, pair - self._begin


def _look(index: fence_index.FenceIndex, rows: fix_rows.FixRows, seen: Seen, row: Ints, fence: Ints) -> Look:
    lat, lon = seen.lat[row], seen.lon[row]
    depth_m, band_m = index.depth_m(fence, lat, lon), index.band_m(fence, seen.accuracy_m[row])
    is_in_force = index.is_in_force(fence, seen.time_us[row])
    is_at_height = index.is_at_height(fence, rows["alt_m"][row])
    return Look(
        time_us=seen.time_us[row].tolist(),
        lat=lat.tolist(),
        lon=lon.tolist(),
        speed_mps=rows["speed_mps"][row].tolist(),
        depth_m=depth_m.tolist(),
        band_m=band_m.tolist(),
        is_in_force=is_in_force.tolist(),
        is_at_height=is_at_height.tolist(),
        device_id=rows["device_id"][row].tolist(),
        is_edge_out=((depth_m < 0.0) & (depth_m > -band_m) & is_in_force & is_at_height).tolist(),
    )

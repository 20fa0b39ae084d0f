"""The vectorised twin of `domain.track` and `domain.fix_quality`: the fixes of many devices at once.

Devices that drive all through a batch and devices that stand parked all through it are judged in whole columns. All others
go through the plain fold fix by fix, and even there long runs of driving or standing are taken as columns. Distances come
from one function everywhere, so that a device has the same track whichever way it went.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj

from db import fix_rows
from domain import activity, fix_quality, telemetry, track

_GEOD = pyproj.Geod(ellps="WGS84")
_LONGEST_GAP_US = round(activity.LONGEST_GAP_S * 1e6)
_DRIFT, _JUMP = int(fix_quality.FixFlag.DRIFT), int(fix_quality.FixFlag.JUMP)
_SHORT_RUN = 4
"""Fewer fixes than these are stepped through faster than gathered."""
_FIRST_STANDING_RUN = 64

PLAIN, PARKED, SPECIAL = 0, 1, 2
"""A device's stance: nothing beyond its last good fix; parked with a settled anchor; anything else."""
TRACK_FIELDS: list[tuple[str, str]] = [
    ("known", "?"),  # whether there is a good fix; the next four are of the last one
    ("time_us", "i8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("odometer_m", "f8"),
    ("moving", "?"),
    ("stance", "i1"),
    ("anchor_lat", "f8"),  # of PARKED
    ("anchor_lon", "f8"),
]
TRACK_DTYPE = np.dtype(TRACK_FIELDS)

Rows = fix_rows.FixRows
Columns = npt.NDArray[np.void]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state just before a row that is the first of its device in an hour."""

    row: int
    state: track.State


@dataclass(slots=True, kw_only=True)
class Folded:
    """What is known of each device after its rows."""

    after: Columns  #: in TRACK_DTYPE
    states: dict[int, track.State] = field(default_factory=dict)  #: whole, of those whose stance isn't PLAIN, by index
    changed: list[int] = field(default_factory=list)  #: those with other `states` than before, but for the last fix
    checkpoints: list[Checkpoint] = field(default_factory=list)


def flag(rows: Rows, limits: Columns) -> None:
    """Set what is wrong with each row by itself; `limits` stand beside the rows, in limits.COLUMNS_DTYPE."""
    with np.errstate(invalid="ignore"):
        inaccurate = (rows["hdop"] > limits["max_hdop"]) | (rows["accuracy_m"] > limits["max_accuracy_m"])
    reach_deg = np.maximum(np.abs(rows["lat"]), np.abs(rows["lon"]))
    flags = fix_quality.FixFlag
    rows["quality"] = (
        inaccurate * int(flags.INACCURATE)
        | (reach_deg < fix_quality.ZERO_ISLAND_DEG) * int(flags.ZERO_ISLAND)
        | (rows["time_us"] < limits["floor_us"]) * int(flags.IMPOSSIBLE_DATE)
        | (rows["time_us"] - rows["received_us"] > fix_quality.FUTURE_S * track.US) * int(flags.FUTURE)
    )


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """The distance on the ellipsoid, to the last bit what whole columns get."""
    metres: float = _GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]
    return metres


def whole_state(before: np.void, state: track.State | None) -> track.State:
    """A device's state from its columns and, if its stance isn't PLAIN, what else is kept of it."""
    values: Any = before.item()
    known, time_us, lat, lon, odometer_m, moving, *_ = values
    if not known:
        return state or track.START
    last = track.Place(time_us=time_us, lat=lat, lon=lon, odometer_m=_told(odometer_m))
    if state is None:
        return track.State(last=last, moving=moving)
    return track.State(
        last=last,
        moving=moving,
        believed=state.believed,
        anchor=state.anchor,
        origin=state.origin,
        away=state.away,
        creeping=state.creeping,
        is_parked=state.is_parked,
        suspect=state.suspect,
    )


def columns_of(state: track.State, out: Columns, index: int) -> None:
    """Write a whole state into the columns of one device."""
    if state.last is not None:
        out["known"][index] = True
        out["time_us"][index], out["lat"][index], out["lon"][index] = (
            *(state.last.time_us, state.last.lat, state.last.lon),
        )
        out["odometer_m"][index] = np.nan if state.last.odometer_m is None else state.last.odometer_m
    out["moving"][index] = state.moving
    out["stance"][index] = stance_of(state)
    if state.anchor is not None:
        out["anchor_lat"][index], out["anchor_lon"][index] = state.anchor.lat, state.anchor.lon


def stance_of(state: track.State) -> int:
    """How a device with this state is judged."""
    if state.is_plain:
        return PLAIN
    return PARKED if _is_settled(state) else SPECIAL


def fold(
    rows: Rows,
    starts: npt.NDArray[np.intp],
    *,
    before: Columns,
    states: Mapping[int, track.State],
    seen_us: npt.NDArray[np.int64],
    limits: Columns,
    thresholds: Sequence[fix_quality.Thresholds],
) -> Folded:
    """Fill in quality, leg and place of each row.

    Args:
        rows: sorted by device and time, no time twice for one device, none with a flag of its own.
        starts: index of each device's first row.
        before: for each of `starts`, the device before it, in TRACK_DTYPE.
        states: of those that aren't PLAIN, by index into `starts`.
        seen_us: for each of `starts`, the time of the last row before, be it a jump; the least number: none.
        limits: for each of `starts`, in limits.COLUMNS_DTYPE.
        thresholds: the same as objects.
    """
    batch = _Batch(rows, starts, before=before, states=states, seen_us=seen_us, limits=limits, thresholds=thresholds)
    batch.fold()
    return batch.result


class _Batch:
    """The columns that one call of `fold` goes by."""

    def __init__(
        self,
        rows: Rows,
        starts: npt.NDArray[np.intp],
        *,
        before: Columns,
        states: Mapping[int, track.State],
        seen_us: npt.NDArray[np.int64],
        limits: Columns,
        thresholds: Sequence[fix_quality.Thresholds],
    ) -> None:
        self.rows, self.starts, self.before = rows, starts, before
        self.states, self.thresholds = states, thresholds
        self.ends = np.append(starts[1:], len(rows))
        self.device = np.repeat(np.arange(len(starts)), self.ends - starts)
        self.limits = limits[self.device]
        self.result = Folded(after=before.copy())
        previous = np.empty(len(rows), TRACK_DTYPE)
        previous["known"] = True
        for name in ("time_us", "lat", "lon", "odometer_m"):
            previous[name][1:] = rows[name][:-1]
        previous[starts] = before
        self.previous, known = previous, previous["known"]
        self.gap_m = np.where(known, _distances(previous["lat"], previous["lon"], rows["lat"], rows["lon"]), 0.0)
        self.elapsed_us = np.where(known, rows["time_us"] - previous["time_us"], 0)
        told = rows["accuracy_m"].astype(np.float64)
        accuracy_m = np.where(np.isnan(told), rows["hdop"].astype(np.float64) * telemetry.METRES_PER_HDOP, told)
        self.accuracy_m = accuracy_m
        self.reach_m = self.limits["max_speed_mps"] * (self.elapsed_us / track.US)
        assumed_m = np.where(np.isnan(accuracy_m), fix_quality.UNKNOWN_ACCURACY_M, accuracy_m)
        noise_m = np.maximum(self.limits["drift_radius_m"], fix_quality.JUMP_ACCURACIES * assumed_m)
        self.jumps = known & (self.gap_m > self.reach_m) & (self.gap_m > noise_m)
        self.drives = rows["speed_mps"] >= track.DRIVING_MPS  # an untold speed is NaN, which isn't
        self.radius_m = np.maximum(
            self.limits["drift_radius_m"], track.RADIUS_ACCURACIES * np.where(np.isnan(accuracy_m), 0.0, accuracy_m)
        )
        hour = rows["time_us"] // fix_rows.HOUR_US
        before_hour = np.empty_like(hour)
        before_hour[1:] = hour[:-1]
        before_hour[starts] = seen_us // fix_rows.HOUR_US
        self.opens = hour != before_hour
        self.lists = _Lists([], [], [])

    def fold(self) -> None:
        """Send each device its way."""
        rows = self.rows
        if not len(rows):
            return
        rows["place_lat"], rows["place_lon"] = rows["lat"], rows["lon"]
        stance = self.before["stance"]
        driving = (stance == PLAIN) & ~self._any(~self.drives | self.jumps)
        standing = (stance == PARKED) & ~driving
        if standing.any():
            standing &= ~self._any(self._leaves(standing))
        self._drive(driving)
        self._stand(standing)
        walking = np.flatnonzero(~driving & ~standing).tolist()
        if walking:
            self.lists = self._lists()
        for index in walking:
            _Walk(self, index).go()

    def _lists(self) -> "_Lists":
        names = ("time_us", "lat", "lon", "speed_mps", "odometer_m")
        columns = [*(self.rows[name].tolist() for name in names), self.accuracy_m.tolist()]
        steady = self.drives & ~self.jumps & ~self.opens
        return _Lists(list(zip(*columns, strict=True)), self.opens.tolist(), steady.tolist())

    def _any(self, doubtful: Flags) -> Flags:
        found: Flags = np.logical_or.reduceat(doubtful, self.starts)
        return found

    def _leaves(self, standing: Flags) -> Flags:
        """Rows that speak for more than standing still, among devices that stand."""
        device, rows = self.device, self.rows
        anchor = self.before[device]
        away_m = np.full(len(rows), np.inf)
        at = np.flatnonzero(standing[device])
        away_m[at] = _distances(anchor["anchor_lat"][at], anchor["anchor_lon"][at], rows["lat"][at], rows["lon"][at])
        counts = ~np.isnan(rows["odometer_m"])
        leaves: Flags = self.jumps | self.drives | counts | (away_m > track.PARKED_RADII * self.radius_m)
        return leaves

    def legs(self, part: slice | Flags, *, moving: bool) -> None:
        """The legs of rows from the row before, moving or standing."""
        rows = self.rows
        elapsed_us = self.elapsed_us[part]
        counted_ms = np.where(elapsed_us <= _LONGEST_GAP_US, np.rint(elapsed_us / 1e3), 0).astype(np.int64)
        rows["moving"][part] = moving
        rows["moving_ms"][part] = counted_ms if moving else 0
        rows["idle_ms"][part] = 0 if moving else counted_ms
        if not moving:
            rows["distance_mm"][part] = 0
            rows["quality"][part] |= _DRIFT
            return
        driven_m = rows["odometer_m"][part] - self.previous["odometer_m"][part]
        with np.errstate(invalid="ignore"):
            is_told = (driven_m >= 0.0) & (driven_m <= self.reach_m[part] + self.limits["drift_radius_m"][part])
        is_told &= self.previous["known"][part]
        rows["distance_mm"][part] = np.rint(np.where(is_told, driven_m, self.gap_m[part]) * 1e3)

    def _drive(self, driving: Flags) -> None:
        part = driving[self.device]
        self.legs(part, moving=True)
        self._move_last(driving, moving=True)
        for row in np.flatnonzero(part & self.opens).tolist():
            self.note(
                row, whole_state(self.before[self.device[row]], None) if self._is_start(row) else self.plain(row - 1)
            )

    def _stand(self, standing: Flags) -> None:
        part = standing[self.device]
        if not part.any():
            return
        self.legs(part, moving=False)
        self.rows["place_lat"][part] = self.before["anchor_lat"][self.device[part]]
        self.rows["place_lon"][part] = self.before["anchor_lon"][self.device[part]]
        self._move_last(standing, moving=False)
        for index in np.flatnonzero(standing).tolist():
            self.result.states[index] = self.states[index]
        for row in np.flatnonzero(part & self.opens).tolist():
            index = int(self.device[row])
            state = whole_state(self.before[index], self.states[index])
            if not self._is_start(row):
                state = dataclasses.replace(state, last=self.place(row - 1), moving=False)
            self.note(row, state)

    def _move_last(self, chosen: Flags, *, moving: bool) -> None:
        after, last = self.result.after, self.ends[chosen] - 1
        for name in ("time_us", "lat", "lon", "odometer_m"):
            after[name][chosen] = self.rows[name][last]
        after["known"][chosen] = True
        after["moving"][chosen] = moving

    def _is_start(self, row: int) -> bool:
        return bool(self.starts[self.device[row]] == row)

    def place(self, row: int) -> track.Place:
        """A row as a good fix."""
        values = self.rows[row]
        return _place(values["time_us"], values["lat"], values["lon"], values["odometer_m"])

    def plain(self, row: int) -> track.State:
        """The state after a row of a drive."""
        return track.State(last=self.place(row), moving=True)

    def note(self, row: int, state: track.State) -> None:
        """Keep the state before a row that opens an hour."""
        self.result.checkpoints.append(Checkpoint(row=row, state=state))


@dataclass(frozen=True, slots=True)
class _Lists:
    """The rows as Python's own numbers, for those that are gone through one by one."""

    points: list[tuple[int, float, float, float, float, float]]
    opens: list[bool]
    steady: list[bool]  #: goes on driving from the row before


class _Walk:
    """One device's rows, in order."""

    def __init__(self, batch: _Batch, index: int) -> None:
        self._batch, self._index = batch, index
        self._at, self._end = int(batch.starts[index]), int(batch.ends[index])
        self._was = batch.states.get(index)
        self._state = whole_state(batch.before[index], self._was)

    def go(self) -> None:
        """Take all rows."""
        batch = self._batch
        while self._at < self._end:
            if batch.lists.opens[self._at]:
                batch.note(self._at, self._state)
            elif self._take_a_run():
                continue
            self._step()
        after = batch.result.after
        columns_of(self._state, after, self._index)
        if not self._state.is_plain:
            batch.result.states[self._index] = self._state
        if not _differ_by_last_alone(self._state, self._was or track.START):
            batch.result.changed.append(self._index)

    def _take_a_run(self) -> bool:
        """Take the next rows as columns, where they are enough and all of one kind."""
        if self._state.is_plain:
            steady, count = self._batch.lists.steady, 0
            most = self._end - self._at
            while count < most and steady[self._at + count]:
                count += 1
            if count < _SHORT_RUN:
                return False
            self._batch.legs(slice(self._at, self._at + count), moving=True)
            self._at += count
            self._state = self._batch.plain(self._at - 1)
            return True
        return _is_settled(self._state) and self._stand()

    def _stand(self) -> bool:
        anchor = self._state.anchor
        assert anchor is not None
        batch, width = self._batch, _FIRST_STANDING_RUN
        taken = 0
        while self._at < self._end:
            part = slice(self._at, min(self._end, self._at + width))
            rows = batch.rows[part]
            away_m = _distances(
                np.full(len(rows), anchor.lat), np.full(len(rows), anchor.lon), rows["lat"], rows["lon"]
            )
            ends = batch.jumps[part] | batch.drives[part] | batch.opens[part] | ~np.isnan(rows["odometer_m"])
            ends |= away_m > track.PARKED_RADII * batch.radius_m[part]
            count = int(np.argmax(ends)) if ends.any() else len(rows)
            if count:
                part = slice(self._at, self._at + count)
                batch.legs(part, moving=False)
                batch.rows["place_lat"][part], batch.rows["place_lon"][part] = anchor.lat, anchor.lon
                self._at, taken, width = self._at + count, taken + count, width * 4
            if count < len(rows):
                break
        if taken:
            self._state = dataclasses.replace(self._state, last=batch.place(self._at - 1), moving=False)
        return taken > 0

    def _step(self) -> None:
        time_us, lat, lon, speed, odometer, accuracy = self._batch.lists.points[self._at]
        point = track.Point(
            time_us=time_us,
            lat=lat,
            lon=lon,
            speed_mps=_told(speed),
            accuracy_m=_told(accuracy),
            odometer_m=_told(odometer),
        )
        limits = self._batch.thresholds[self._index]
        self._state, verdict = track.step(self._state, point, limits, distance_m)
        row = self._batch.rows[self._at]
        row["quality"] |= int(verdict.flags)
        row["distance_mm"] = round(verdict.way_m * 1e3)
        row["moving"] = verdict.moving
        counted_ms = round(verdict.counted_us / 1e3)
        row["moving_ms"], row["idle_ms"] = (counted_ms, 0) if verdict.moving else (0, counted_ms)
        row["place_lat"], row["place_lon"] = verdict.lat, verdict.lon
        self._at += 1


def _differ_by_last_alone(a: track.State, b: track.State) -> bool:
    return (
        (a.away, a.creeping, a.is_parked) == (b.away, b.creeping, b.is_parked)
        and (a.anchor is b.anchor or a.anchor == b.anchor)
        and (a.origin is b.origin or a.origin == b.origin)
        and a.suspect == b.suspect
        and a.believed == b.believed
    )


def _is_settled(state: track.State) -> bool:
    """Whether nothing but the last fix changes as long as the fixes stay around the anchor without telling a way."""
    return (
        state.is_parked
        and state.anchor is not None
        and state.anchor.fixes >= track.ANCHOR_FIXES
        and state.origin is not None
        and state.away == 0
        and state.suspect is None
        and state.last is not None
        and state.believed is None
    )


def _place(time_us: int, lat: float, lon: float, odometer_m: float) -> track.Place:
    return track.Place(time_us=int(time_us), lat=float(lat), lon=float(lon), odometer_m=_told(float(odometer_m)))


def _told(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN


def _distances(
    lat_a: npt.NDArray[np.float64],
    lon_a: npt.NDArray[np.float64],
    lat_b: npt.NDArray[np.float64],
    lon_b: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    metres: npt.NDArray[np.float64] = _GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]
    return metres

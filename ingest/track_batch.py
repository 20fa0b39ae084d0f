"""The fixes of a batch in columns beside the fixes before them, and the devices that do one thing all through it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import activity, fix_quality, telemetry, track
from ingest import track_columns

_LONGEST_GAP_US = round(activity.LONGEST_GAP_S * 1e6)
_DRIFT = int(fix_quality.FixFlag.DRIFT)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lists:
    """The rows as Python's own numbers, for those that are gone through one by one."""

    points: list[tuple[int, float, float, float, float, float]]
    opens: list[bool]
    steady: list[bool]  #: goes on driving from the row before


class TrackBatch:
    """The columns that one call of `fold` goes by."""

    def __init__(
        self,
        rows: fix_rows.FixRows,
        starts: npt.NDArray[np.intp],
        *,
        before: track_columns.Columns,
        states: Mapping[int, track.State],
        seen_us: npt.NDArray[np.int64],
        limits: track_columns.Columns,
        thresholds: Sequence[fix_quality.Thresholds],
    ) -> None:
        self.rows, self.starts, self.before = rows, starts, before
        self.states, self.thresholds = states, thresholds
        self.ends = np.append(starts[1:], len(rows))
        self.device = np.repeat(np.arange(len(starts)), self.ends - starts)
        self.limits = limits[self.device]
        self.result = track_columns.Folded(after=before.copy())
        previous = np.empty(len(rows), track_columns.TRACK_DTYPE)
        previous["known"] = True
        for name in ("time_us", "lat", "lon", "odometer_m"):
            previous[name][1:] = rows[name][:-1]
        previous[starts] = before
        self.previous, known = previous, previous["known"]
        self.gap_m = np.where(
            known, track_columns.distances(previous["lat"], previous["lon"], rows["lat"], rows["lon"]), 0.0
        )
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
        self.lists = Lists([], [], [])

    def settle(self) -> list[int]:
        """Judge the devices that do one thing all through the batch; the indexes of the others."""
        rows = self.rows
        if not len(rows):
            return []
        rows["place_lat"], rows["place_lon"] = rows["lat"], rows["lon"]
        stance = self.before["stance"]
        driving = (stance == track_columns.PLAIN) & ~self._any(~self.drives | self.jumps)
        standing = (stance == track_columns.PARKED) & ~driving
        if standing.any():
            standing &= ~self._any(self._leaves(standing))
        self._drive(driving)
        self._stand(standing)
        others: list[int] = np.flatnonzero(~driving & ~standing).tolist()
        if others:
            self.lists = self._lists()
        return others

    def _lists(self) -> Lists:
        names = ("time_us", "lat", "lon", "speed_mps", "odometer_m")
        columns = [*(self.rows[name].tolist() for name in names), self.accuracy_m.tolist()]
        steady = self.drives & ~self.jumps & ~self.opens
        return Lists(list(zip(*columns, strict=True)), self.opens.tolist(), steady.tolist())

    def _any(self, doubtful: Flags) -> Flags:
        found: Flags = np.logical_or.reduceat(doubtful, self.starts)
        return found

    def _leaves(self, standing: Flags) -> Flags:
        """Rows that speak for more than standing still, among devices that stand."""
        device, rows = self.device, self.rows
        anchor = self.before[device]
        away_m = np.full(len(rows), np.inf)
        at = np.flatnonzero(standing[device])
        away_m[at] = track_columns.distances(
            anchor["anchor_lat"][at], anchor["anchor_lon"][at], rows["lat"][at], rows["lon"][at]
        )
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
                row,
                track_columns.whole_state(self.before[self.device[row]], None)
                if self._is_start(row)
                else self.plain(row - 1),
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
            state = track_columns.whole_state(self.before[index], self.states[index])
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
        return track_columns.place(values["time_us"], values["lat"], values["lon"], values["odometer_m"])

    def plain(self, row: int) -> track.State:
        """The state after a row of a drive."""
        return track.State(last=self.place(row), moving=True)

    def note(self, row: int, state: track.State) -> None:
        """Keep the state before a row that opens an hour."""
        self.result.checkpoints.append(track_columns.Checkpoint(row=row, state=state))

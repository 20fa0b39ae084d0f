"""The fences of all tenants in columns: which fix lies in which, how deep, and which way leads through one.

A fence is called by its number here. The vectorised twin of `domain.fence_outlines`.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from domain import fences
from ingest import fence_geometry, fence_grid, iso_times

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Devices = npt.NDArray[np.integer]
Pairs = tuple[Ints, Ints]
"""Row and fence, side by side."""

NEVER_US = np.iinfo(np.int64).max
_MINUTE_US = 60_000_000
_HALF_TURN_DEG = 180.0
_MOST_ANSWERS = 200_000


class FenceIndex:
    """Fences, prepared; `assigned` names the devices of those that aren't for all of their tenant.

    What is drawn already in an index `before` isn't drawn again.
    """

    def __init__(
        self,
        watched: Sequence[fences.Geofence] = (),
        assigned: Mapping[uuid.UUID, Collection[int]] | None = None,
        *,
        before: "FenceIndex | None" = None,
    ) -> None:
        self.fences = tuple(watched)
        self.number_of = {fence.id: number for number, fence in enumerate(self.fences)}
        self._tenants = {tenant: index for index, tenant in enumerate({fence.tenant_id for fence in self.fences})}
        self._tenant_of = np.array([self._tenants[fence.tenant_id] for fence in self.fences], np.int64)
        known = [] if before is None else [before.drawn(fence.id) for fence in self.fences]
        self._geometry = fence_geometry.FenceGeometry([fence.shape for fence in self.fences], known)
        self._grid = fence_grid.FenceGrid(self._geometry.boxes)
        self._has_many_boxes = len(self._geometry.boxes) > len(self.fences)
        self._assign(assigned or {})
        rules = [fence.rules for fence in self.fences]
        self.speed_limit_mps = _floats([rule.speed_limit_mps for rule in rules], missing=np.inf)
        self.dwell_us = np.array([NEVER_US if r.dwell_s is None else round(r.dwell_s * 1e6) for r in rules], np.int64)
        self._crossings = np.array([rule.crossings for rule in rules], np.bool_)
        self._band_least_m = _floats([rule.band_least_m for rule in rules])
        self._band_most_m = _floats([rule.band_most_m for rule in rules])
        self._floor_m = _floats([fence.floor_m for fence in self.fences], missing=-np.inf)
        self._ceiling_m = _floats([fence.ceiling_m for fence in self.fences], missing=np.inf)
        self._is_conditional = np.array([fence.is_conditional for fence in self.fences], np.bool_)
        self._answers: dict[tuple[int, int], bool] = {}

    def drawn(self, fence_id: uuid.UUID) -> fence_geometry.Drawn | None:
        """What a fence's shape comes to."""
        number = self.number_of.get(fence_id)
        return None if number is None else self._geometry.drawn[number]

    def tenant_index(self, tenant_id: uuid.UUID) -> int:
        """What `inside` calls this tenant; −1 where it has no fence."""
        return self._tenants.get(tenant_id, -1)

    def is_watched(self, fence: int, tenant: int, device_id: int) -> bool:
        """Whether a device is looked at by a fence."""
        if self._tenant_of[fence] != tenant:
            return False
        return not self._is_assigned[fence] or _key(device_id, fence) in self._assigned_keys

    def inside(self, lat: Floats, lon: Floats, tenant_index: Ints, device_id: Devices) -> Pairs:
        """The fixes that lie in a fence that looks at their device, sorted; an edge belongs to the inside."""
        if not self.fences or not len(lat):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        row, fence = self._own(*self._grid.candidates(lon, lat), tenant_index, device_id)
        inside = self._geometry.contains(fence, lat[row], lon[row])
        return self._sorted(row[inside], fence[inside])

    def reached(
        self, before: tuple[Floats, Floats], now: tuple[Floats, Floats], tenant_index: Ints, device_id: Devices
    ) -> tuple[Pairs, Pairs]:
        """Of ways from a position to the next (latitude, longitude): ends that lie in a fence, and ways that may touch one.

        The latter are told of fences that watch for crossings, where the end lies outside.
        """
        west, south, east, north = _boxes_of(before, now)
        row, box = self._grid.overlaps(west, south, east, north)
        for turn in (-360.0, 360.0):
            # A way over the antimeridian is looked for on both of its sides.
            over = np.flatnonzero(east > _HALF_TURN_DEG if turn < 0 else west < -_HALF_TURN_DEG)
            if len(over):
                more = self._grid.overlaps(west[over] + turn, south[over], east[over] + turn, north[over])
                row, box = np.concatenate([row, over[more[0]]]), np.concatenate([box, more[1]])
        row, fence, box = self._own_boxes(row, box, tenant_index, device_id)
        ends_there = self._grid.holds(box, now[1][row], now[0][row])
        at = np.flatnonzero(ends_there)
        at = at[self._geometry.contains(fence[at], now[0][row[at]], now[1][row[at]])]
        inside = self._sorted(row[at], fence[at])
        touched = self._crossings[fence] & ((before[0] != now[0]) | (before[1] != now[1]))[row]
        touched[at] = False
        way, passed = self._sorted(row[touched], fence[touched])
        if self._has_many_boxes:
            width = len(self.fences)
            only = ~fence_grid.is_among(way * width + passed, inside[0] * width + inside[1])
            way, passed = way[only], passed[only]
        return inside, (way, passed)

    def depth_m(self, fence: Ints, lat: Floats, lon: Floats) -> Floats:
        """Metres to the edge, positive inside."""
        return self._geometry.depth_m(fence, lat, lon)

    def is_passed(self, fence: Ints, before: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> Bools:
        """Whether the straight way between two positions (latitude, longitude) touches the area."""
        return self._geometry.is_passed(fence, before, now)

    def band_m(self, fence: Ints, accuracy_m: Floats) -> Floats:
        """As `fences.Geofence.band_m`; NaN stands for an accuracy that isn't told."""
        told = np.where(np.isnan(accuracy_m), fences.UNKNOWN_ACCURACY_M, accuracy_m)
        band: Floats = np.minimum(np.maximum(told, self._band_least_m[fence]), self._band_most_m[fence])
        return band

    def is_at_height(self, fence: Ints, alt_m: npt.NDArray[np.floating]) -> Bools:
        """As `fences.Geofence.is_at_height`; NaN stands for an altitude that isn't told."""
        fits: Bools = np.isnan(alt_m) | ((alt_m >= self._floor_m[fence]) & (alt_m <= self._ceiling_m[fence]))
        return fits

    def is_in_force(self, fence: Ints, time_us: Ints) -> Bools:
        """As `fences.Geofence.is_in_force`, which can only change with a minute: each minute is asked once."""
        holds = np.ones(len(fence), np.bool_)
        for at in np.flatnonzero(self._is_conditional[fence]).tolist():
            holds[at] = self._ask(int(fence[at]), int(time_us[at]) // _MINUTE_US)
        return holds

    def _ask(self, fence: int, minute: int) -> bool:
        answer = self._answers.get((fence, minute))
        if answer is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            time = iso_times.datetime_of(minute * _MINUTE_US)
            answer = self._answers[fence, minute] = self.fences[fence].is_in_force(time)
        return answer

    def _assign(self, assigned: Mapping[uuid.UUID, Collection[int]]) -> None:
        self._is_assigned = np.array([fence.id in assigned for fence in self.fences], np.bool_)
        self._assigned_keys = {
            _key(device_id, self.number_of[fence_id])
            for fence_id, devices in assigned.items()
            if fence_id in self.number_of
            for device_id in devices
        }
        self._sorted_keys = np.array(sorted(self._assigned_keys), np.int64)

    def _own(self, row: Ints, box: Ints, tenant_index: Ints, device_id: Devices) -> Pairs:
        row, fence, _ = self._own_boxes(row, box, tenant_index, device_id)
        return row, fence

    def _own_boxes(self, row: Ints, box: Ints, tenant_index: Ints, device_id: Devices) -> tuple[Ints, Ints, Ints]:
        fence = self._geometry.box_fence[box]
        own = self._tenant_of[fence] == tenant_index[row]
        if self._is_assigned.any():
            key = _key(device_id[row].astype(np.int64), fence)
            own &= ~self._is_assigned[fence] | fence_grid.is_among(key, self._sorted_keys)
        return row[own], fence[own], box[own]

    def _sorted(self, row: Ints, fence: Ints) -> Pairs:
        """By row and fence, each pair once: a corridor has many boxes."""
        key = fence_grid.distinct(row * max(1, len(self.fences)) + fence)
        return key // max(1, len(self.fences)), key % max(1, len(self.fences))


def _boxes_of(before: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    """West, south, east and north of straight ways, the short way around; further east or west than 180 where they go there."""
    far = now[1] - before[1]
    start = now[1] - (far - 360.0 * (far > _HALF_TURN_DEG) + 360.0 * (far < -_HALF_TURN_DEG))
    west, east = np.minimum(start, now[1]), np.maximum(start, now[1])
    return west, np.minimum(before[0], now[0]), east, np.maximum(before[0], now[0])


def _key(device_id: Any, fence: Any) -> Any:
    return device_id * 2**32 + fence


def _floats(values: Sequence[float | None], *, missing: float = np.nan) -> Floats:
    return np.array([missing if value is None else value for value in values], np.float64)

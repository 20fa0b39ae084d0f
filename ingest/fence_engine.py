"""The vectorised twin of `domain.geofencing`: which fixes lie in which fences, and which fixes enter or leave one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from ingest import fence_grid

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Row and fence number, side by side, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fence as the engine holds it."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    polygon: shapely.Polygon


class FenceEngine:
    """The fences of all tenants, prepared; a fence is called by its number here."""

    def __init__(self, fences: Sequence[Fence] = ()) -> None:
        self.fences = tuple(fences)
        self.number_of = {fence.id: number for number, fence in enumerate(self.fences)}
        self._tenants = {tenant: index for index, tenant in enumerate({fence.tenant_id for fence in self.fences})}
        self._tenant_of = np.array([self._tenants[fence.tenant_id] for fence in self.fences], np.int64)
        self._polygons = np.array([fence.polygon for fence in self.fences], dtype=object)
        shapely.prepare(self._polygons)
        self._grid = fence_grid.FenceGrid(shapely.bounds(self._polygons))
        self.tenant_bytes = np.array([fence.tenant_id.bytes for fence in self.fences], "V16")
        self.id_bytes = np.array([fence.id.bytes for fence in self.fences], "V16")

    def tenant_index(self, tenant_id: uuid.UUID) -> int:
        """What `inside` calls this tenant; −1 where it has no fence."""
        return self._tenants.get(tenant_id, -1)

    def inside(
        self, lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64], tenant_index: npt.NDArray[np.int64]
    ) -> Pairs:
        """The fixes that lie in a fence of their tenant, with the fence; an edge belongs to the inside."""
        if not self.fences or not len(lat):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        row, fence = self._grid.candidates(lon, lat)
        own = self._tenant_of[fence] == tenant_index[row]
        row, fence = row[own], fence[own]
        inside = shapely.intersects_xy(self._polygons[fence], lon[row], lat[row])
        row, fence = row[inside], fence[inside]
        order = np.lexsort((fence, row))
        return row[order], fence[order]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Fences entered or left at rows; sorted by row, exits before entries, then by fence."""

    row: npt.NDArray[np.int64]
    fence: npt.NDArray[np.int64]
    entered: npt.NDArray[np.bool_]


def crossings(*, count: int, starts: npt.NDArray[np.intp], inside: Pairs, before: Pairs, fence_count: int) -> Crossings:
    """Compare each row's fences with those of the row before it.

    Args:
        count: number of rows, sorted by device and time.
        starts: index of each device's first row.
        inside: rows and the fences that they lie in.
        before: first rows, and the fences that their device was in.
        fence_count: one more than the highest fence number.
    """
    width = max(1, fence_count)
    row, fence = inside
    now = row * width + fence
    is_start = np.zeros(count + 1, np.bool_)
    is_start[starts] = True
    is_start[count] = True
    carried = ~is_start[row + 1]
    previous = np.concatenate([(row[carried] + 1) * width + fence[carried], before[0] * width + before[1]])
    entered = np.setdiff1d(now, previous, assume_unique=True)
    left = np.setdiff1d(previous, now, assume_unique=True)
    key = np.concatenate([left, entered])
    is_entry = np.repeat([False, True], [len(left), len(entered)])
    order = np.lexsort((key % width, is_entry, key // width))
    key = key[order]
    return Crossings(row=key // width, fence=key % width, entered=is_entry[order])

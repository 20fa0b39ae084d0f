"""Candidates for the fences that many points may lie in: grids of cells, each fence in the one whose cells it just fits.

A tree of boxes answers the same question, but wants an object made for each point; here all points are looked up in one go.
"""

import numpy as np
import numpy.typing as npt

_FINEST_DEG = 2.0**-10
"""Some 100 m; smaller fences share the cells of this size."""
_ROWS = 2**32


class FenceGrid:
    """Boxes (west, south, east, north in degrees, one row each), by the cells that they touch."""

    def __init__(self, boxes: npt.NDArray[np.float64]) -> None:
        self._boxes = boxes
        size_deg = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        # A box touches at most four cells that are no smaller than it.
        level = np.ceil(np.log2(np.maximum(size_deg, _FINEST_DEG) / _FINEST_DEG)).astype(np.int64)
        self._levels = [_Level(boxes, np.flatnonzero(level == n), _FINEST_DEG * 2.0**n) for n in np.unique(level)]

    def candidates(
        self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Point and box, for each point that lies in a box or on its edge."""
        found = [level.find(lon, lat) for level in self._levels]
        none = np.zeros(0, np.int64)
        point = np.concatenate([none, *(points for points, _ in found)])
        box = np.concatenate([none, *(boxes for _, boxes in found)])
        west, south, east, north = self._boxes[box].T
        inside = (lon[point] >= west) & (lon[point] <= east) & (lat[point] >= south) & (lat[point] <= north)
        return point[inside], box[inside]


class _Level:
    """The boxes of one size of cells."""

    def __init__(self, boxes: npt.NDArray[np.float64], members: npt.NDArray[np.int64], cell_deg: float) -> None:
        self._cell_deg = cell_deg
        west, south, east, north = boxes[members].T
        corners = [self._cells(x, y) for x in (west, east) for y in (south, north)]
        pairs = np.unique(np.stack([np.concatenate(corners), np.tile(members, len(corners))]), axis=1)
        self._cell, self._box = pairs[0], pairs[1]

    def find(
        self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Point and box for each box that touches the point's cell."""
        cells = self._cells(lon, lat)
        first = np.searchsorted(self._cell, cells, "left")
        # Most points are in no fence's cell: only the others are looked at twice.
        hit = np.flatnonzero(self._cell[np.minimum(first, len(self._cell) - 1)] == cells)
        first = first[hit]
        count = np.searchsorted(self._cell, cells[hit], "right") - first
        point = np.repeat(hit, count)
        start_of_run = np.repeat(np.cumsum(count) - count, count)
        entry = np.repeat(first, count) + np.arange(len(point)) - start_of_run
        return point, self._box[entry]

    def _cells(self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        column = np.floor((lon + 180.0) / self._cell_deg).astype(np.int64)
        row = np.floor((lat + 90.0) / self._cell_deg).astype(np.int64)
        cells: npt.NDArray[np.int64] = column * _ROWS + row
        return cells

"""Candidates for the fences that many points may lie in: grids of cells, each fence in the one whose cells it just fits.

A tree of boxes answers the same question, but wants an object made for each point; here all points are looked up in one go.
"""

import numpy as np
import numpy.typing as npt
import shapely

_FINEST_DEG = 2.0**-10
"""Some 100 m; smaller fences share the cells of this size."""
_ROWS = 2**32

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Pairs = tuple[Ints, Ints]


class FenceGrid:
    """Boxes (west, south, east, north in degrees, one row each), by the cells that they touch."""

    def __init__(self, boxes: Floats) -> None:
        self._boxes = boxes
        size_deg = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        # A box touches at most four cells that are no smaller than it.
        level = np.ceil(np.log2(np.maximum(size_deg, _FINEST_DEG) / _FINEST_DEG)).astype(np.int64)
        self._levels = [_Level(boxes, np.flatnonzero(level == n), _FINEST_DEG * 2.0**n) for n in np.unique(level)]
        self._tree: shapely.STRtree | None = None

    def candidates(self, lon: Floats, lat: Floats) -> Pairs:
        """Point and box, for each point that lies in a box or on its edge."""
        found = [level.find(level.cells(lon, lat), None) for level in self._levels]
        point, box = _joined(found)
        inside = self.holds(box, lon[point], lat[point])
        return point[inside], box[inside]

    def holds(self, box: Ints, lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
        """Whether each point lies in the box beside it or on its edge."""
        west, south, east, north = self._boxes[box].T
        inside: npt.NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return inside

    def overlaps(self, west: Floats, south: Floats, east: Floats, north: Floats) -> Pairs:
        """Asked box and box, for each two that touch."""
        small = (east - west <= _FINEST_DEG) & (north - south <= _FINEST_DEG)
        asked = np.flatnonzero(small)
        corners = ((west, south), (east, north), (west, north), (east, south))
        found = [level.find_any([level.cells(x[asked], y[asked]) for x, y in corners]) for level in self._levels]
        ask, box = _joined(found)
        ask = asked[ask]
        if len(asked) < len(west):
            large = np.flatnonzero(~small)
            if self._tree is None:
                self._tree = shapely.STRtree(np.array(shapely.box(*self._boxes.T), dtype=object, ndmin=1))
            more = self._tree.query(shapely.box(west[large], south[large], east[large], north[large]))
            ask, box = np.concatenate([ask, large[more[0]]]), np.concatenate([box, more[1]])
        west_b, south_b, east_b, north_b = self._boxes[box].T
        touch = (west[ask] <= east_b) & (east[ask] >= west_b) & (south[ask] <= north_b) & (north[ask] >= south_b)
        return ask[touch], box[touch]


class _Level:
    """The boxes of one size of cells."""

    def __init__(self, boxes: Floats, members: Ints, cell_deg: float) -> None:
        self._cell_deg = cell_deg
        west, south, east, north = boxes[members].T
        corners = [self.cells(x, y) for x in (west, east) for y in (south, north)]
        pairs = np.unique(np.stack([np.concatenate(corners), np.tile(members, len(corners))]), axis=1)
        self._cell, self._box = pairs[0], pairs[1]

    def find(self, cells: Ints, among: Ints | None) -> Pairs:
        """Point and box for each box that touches the point's cell; `among` names the points where not all are asked."""
        first = np.searchsorted(self._cell, cells, "left")
        # Most points are in no fence's cell: only the others are looked at twice.
        hit = np.flatnonzero(self._cell[np.minimum(first, len(self._cell) - 1)] == cells)
        first = first[hit]
        count = np.searchsorted(self._cell, cells[hit], "right") - first
        point = np.repeat(hit, count)
        start_of_run = np.repeat(np.cumsum(count) - count, count)
        entry = np.repeat(first, count) + np.arange(len(point)) - start_of_run
        return (point if among is None else among[point]), self._box[entry]

    def find_any(self, corners: list[Ints]) -> Pairs:
        """Asked box and box, once, for each box that touches a cell of the asked one's corners."""
        found = [self.find(corners[0], None)]
        for number, cells in enumerate(corners[1:], start=1):
            # A way of some metres seldom leaves its cell.
            other = np.logical_and.reduce([cells != before for before in corners[:number]])
            if other.any():
                among = np.flatnonzero(other)
                found.append(self.find(cells[among], among))
        if len(found) == 1:
            return found[0]
        ask, box = _joined(found)
        key = distinct(ask * _ROWS + box)
        return key // _ROWS, key % _ROWS

    def cells(self, lon: Floats, lat: Floats) -> Ints:
        """The cell of each point."""
        column = np.floor((lon + 180.0) / self._cell_deg).astype(np.int64)
        row = np.floor((lat + 90.0) / self._cell_deg).astype(np.int64)
        cells: Ints = column * _ROWS + row
        return cells


def distinct(keys: Ints) -> Ints:
    """Each number once, sorted; numpy's own way by hashing takes several times as long."""
    ordered = np.sort(keys)
    if len(ordered) < 2:  # noqa: PLR2004 - nothing to compare
        return ordered
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered if first.all() else ordered[first]


def is_among(keys: Ints, ordered: Ints) -> npt.NDArray[np.bool_]:
    """Whether each number is one of these, which are sorted."""
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    found: npt.NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)] == keys
    return found


def _joined(found: list[Pairs]) -> Pairs:
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *(a for a, _ in found)]), np.concatenate([none, *(b for _, b in found)])

"""Fences compiled for many questions at once: polygons for shapely, lines in columns, boxes for the grid.

Every fence has a plane of its own: degrees east of its own longitude, and latitude (`domain.fence_lines`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from domain import fence_lines, fence_shapes, geo

_GEOD = pyproj.Geod(ellps="WGS84")
_EDGES_A_BOX = 8
"""A corridor is looked for in a box for so many edges: the box of a long diagonal would hold half of the town."""
_MARGIN = 1.01
_METRES_PER_LAT_DEG = 110_574.0  # the shortest, at the equator
_HALF_TURN_DEG = 180.0
_NO_EDGES = np.zeros((0, 4), np.float64)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]


@dataclass(slots=True, kw_only=True)
class Columns:
    """Edges of all fences, each from x, y on by dx, dy, with the number of each fence's first one."""

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    starts: Ints  #: one more than there are fences

    def of(self, fence: Ints) -> tuple[Ints, Ints]:
        """For each of these fences all of its edges: place in `fence`, and edge."""
        count = self.starts[fence + 1] - self.starts[fence]
        place = np.repeat(np.arange(len(fence)), count)
        first = np.repeat(self.starts[fence] - (np.cumsum(count) - count), count)
        return place, first + np.arange(len(place))


@dataclass(slots=True, kw_only=True)
class Drawn:
    """What one shape comes to; good for the same shape in another geometry, too."""

    shape: fence_shapes.Shape
    lon0: float
    boxes: list[Box]  #: in the fence's plane
    edges: Floats  #: x1, y1, x2, y2 each
    vertices: Floats  #: the same, both ends alike; of what is round
    radius_m: float = 0.0  #: around edges and vertices
    area: shapely.Polygon | shapely.MultiPolygon = field(default_factory=shapely.Polygon)
    line: shapely.LineString = field(default_factory=shapely.LineString)


class FenceGeometry:
    """The shapes of many fences; a fence is called by its number. `known` may hold some of them, drawn before."""

    def __init__(self, shapes: Sequence[fence_shapes.Shape], known: Sequence[Drawn | None] = ()) -> None:
        drawn = [
            before if before is not None and before.shape == shape else _draw(shape)
            for shape, before in itertools.zip_longest(shapes, known[: len(shapes)])
        ]
        self.drawn = drawn
        self.lon0 = np.array([each.lon0 for each in drawn], np.float64)
        self.radius_m = np.array([each.radius_m for each in drawn], np.float64)
        self.is_circle = np.array([isinstance(shape, fence_shapes.Circle) for shape in shapes], np.bool_)
        self.is_corridor = np.array([isinstance(shape, fence_shapes.Corridor) for shape in shapes], np.bool_)
        self._edges = _columns([each.edges for each in drawn])
        self._vertices = _columns([each.vertices for each in drawn])
        self._areas = np.array([each.area for each in drawn], dtype=object)
        shapely.prepare(self._areas)
        self._lines = np.array([each.line for each in drawn], dtype=object)
        boxes = [(number, box) for number, each in enumerate(drawn) for box in _turned(each)]
        self.box_fence = np.array([number for number, _ in boxes], np.int64)
        self.boxes = np.array([box for _, box in boxes], np.float64).reshape(-1, 4)

    def contains(self, fence: Ints, lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
        """Whether each point lies in the fence beside it; the edge belongs to the inside."""
        inside = np.zeros(len(fence), np.bool_)
        round_ = self.is_circle[fence] | self.is_corridor[fence]
        if not round_.any():
            return self._in_area(fence, lat, lon)
        inside[~round_] = self._in_area(fence[~round_], lat[~round_], lon[~round_])
        inside[round_] = self.depth_m(fence[round_], lat[round_], lon[round_]) >= 0.0
        return inside

    def depth_m(self, fence: Ints, lat: Floats, lon: Floats) -> Floats:
        """Metres from each point to the edge of the fence beside it, positive inside."""
        if not len(fence):
            return np.zeros(0, np.float64)
        x = self._x(fence, lon)
        near_x, near_y = self._nearest(fence, x, lat)
        off_m = np.asarray(_GEOD.inv(x, lat, near_x, near_y)[2])
        round_ = self.is_circle[fence] | self.is_corridor[fence]
        if round_.all():
            return np.asarray(self.radius_m[fence] - off_m)
        signed_m = np.where(self._in_area(fence, lat, lon), off_m, -np.maximum(off_m, fence_lines.LEAST_M))
        depth: Floats = np.where(round_, self.radius_m[fence] - off_m, signed_m)
        return depth

    def is_passed(
        self, fence: Ints, before: tuple[Floats, Floats], now: tuple[Floats, Floats]
    ) -> npt.NDArray[np.bool_]:
        """Whether the straight way between two positions (latitude, longitude) touches the fence beside it."""
        x1, y1, y2 = self._x(fence, before[1]), before[0], now[0]
        x2 = x1 + _wrapped(now[1] - before[1])
        ways = shapely.linestrings(np.stack([np.stack([x1, y1], -1), np.stack([x2, y2], -1)], -2))
        areas = np.where(self.is_corridor[fence], self._lines[fence], self._areas[fence])
        passed: npt.NDArray[np.bool_] = shapely.intersects(areas, ways)
        for at in np.flatnonzero((self.is_circle[fence] | self.is_corridor[fence]) & ~passed).tolist():
            passed[at] = self._reaches(int(fence[at]), (x1[at], y1[at]), (x2[at], y2[at]))
        return passed

    def _reaches(self, fence: int, a: fence_lines.Point, b: fence_lines.Point) -> bool:
        begin, end = self._vertices.starts[fence], self._vertices.starts[fence + 1]
        x, y = self._vertices.x[begin:end], self._vertices.y[begin:end]
        north_m, east_m = metres_per_degree(y)
        off_sq = _offsets_sq(
            (a[0] - x) * east_m, (a[1] - y) * north_m, (b[0] - a[0]) * east_m, (b[1] - a[1]) * north_m
        )[1]
        return bool((off_sq <= self.radius_m[fence] ** 2).any())

    def _in_area(self, fence: Ints, lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
        inside: npt.NDArray[np.bool_] = shapely.intersects_xy(self._areas[fence], self._x(fence, lon), lat)
        return inside

    def _nearest(self, fence: Ints, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The place on the fence's lines, or its centre, that is nearest to each point."""
        lines = self._edges
        place, edge = lines.of(fence)
        count = lines.starts[fence + 1] - lines.starts[fence]
        north_m, east_m = (np.repeat(each, count) for each in metres_per_degree(y))
        x1, y1, dx, dy = lines.x[edge], lines.y[edge], lines.dx[edge], lines.dy[edge]
        t, off_sq = _offsets_sq(
            (x1 - np.repeat(x, count)) * east_m, (y1 - np.repeat(y, count)) * north_m, dx * east_m, dy * north_m
        )
        least = np.minimum.reduceat(off_sq, np.cumsum(count) - count)
        best = np.flatnonzero(off_sq == np.repeat(least, count))
        best = best[np.searchsorted(place[best], np.arange(len(fence)))]
        return x1[best] + t[best] * dx[best], y1[best] + t[best] * dy[best]

    def _x(self, fence: Ints, lon: Floats) -> Floats:
        return _wrapped(lon - self.lon0[fence])


def metres_per_degree(lat: Floats) -> tuple[Floats, Floats]:
    """Length of a degree of latitude and of longitude; `domain.fence_lines` has the same for one."""
    phi = np.radians(lat)
    north_m = 111_132.954 - 559.822 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    east_m = 111_412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi) + 0.118 * np.cos(5 * phi)
    return north_m, np.maximum(east_m, 0.0)


def _offsets_sq(ax: Floats, ay: Floats, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    """Share of the way to the place nearest to the origin, and its squared distance, on edges from a on by d."""
    length_sq = dx * dx + dy * dy
    length_sq[length_sq == 0.0] = 1.0  # both ends alike: its share is 0
    t = np.clip(-(ax * dx + ay * dy) / length_sq, 0.0, 1.0)
    off_x, off_y = ax + t * dx, ay + t * dy
    return t, off_x * off_x + off_y * off_y


def _wrapped(delta: Floats) -> Floats:
    wrapped: Floats = delta - 360.0 * (delta > _HALF_TURN_DEG) + 360.0 * (delta < -_HALF_TURN_DEG)
    return wrapped


def _columns(rows: Sequence[Floats]) -> Columns:
    starts = np.concatenate([[0], np.cumsum([len(each) for each in rows], dtype=np.int64)]).astype(np.int64)
    x1, y1, x2, y2 = np.ascontiguousarray(np.concatenate([_NO_EDGES, *rows]).T)
    return Columns(x=x1, y=y1, dx=x2 - x1, dy=y2 - y1, starts=starts)


def _draw(shape: fence_shapes.Shape) -> Drawn:
    match shape:
        case fence_shapes.Circle():
            return _draw_circle(shape)
        case fence_shapes.Corridor():
            return _draw_corridor(shape)
        case fence_shapes.Polygons():
            return _draw_polygons(shape)


def _draw_polygons(shape: fence_shapes.Polygons) -> Drawn:
    lon0 = shape.parts[0].shell[0][0]
    parts = [
        [fence_lines.flattened(fence_lines.closed(ring), lon0) for ring in (part.shell, *part.holes)]
        for part in shape.parts
    ]
    polygons = [shapely.Polygon(rings[0], rings[1:]) for rings in parts]
    return Drawn(
        shape=shape,
        lon0=lon0,
        boxes=[_box_around(rings[0], 0.0) for rings in parts],
        edges=np.concatenate([_edges(ring) for rings in parts for ring in rings]),
        vertices=_NO_EDGES,
        area=polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons),
    )


def _draw_circle(shape: fence_shapes.Circle) -> Drawn:
    centre = (0.0, shape.centre.lat)
    spot = np.array([(*centre, *centre)], np.float64)
    box = _box_around([centre], shape.radius_m)
    return Drawn(shape=shape, lon0=shape.centre.lon, radius_m=shape.radius_m, edges=spot, vertices=spot, boxes=[box])


def _draw_corridor(shape: fence_shapes.Corridor) -> Drawn:
    lon0, radius_m = shape.line[0][0], shape.width_m / 2
    points = fence_lines.flattened(shape.line, lon0)
    runs = [points[at : at + _EDGES_A_BOX + 1] for at in range(0, len(points) - 1, _EDGES_A_BOX)]
    return Drawn(
        shape=shape,
        lon0=lon0,
        radius_m=radius_m,
        boxes=[_box_around(run, radius_m) for run in runs],
        edges=_edges(points),
        vertices=np.array([(*point, *point) for point in points], np.float64),
        line=shapely.LineString(points),
    )


def _edges(points: Sequence[fence_lines.Point]) -> Floats:
    corners = np.array(points, np.float64)
    return np.concatenate([corners[:-1], corners[1:]], axis=1)


def _box_around(points: Sequence[fence_lines.Point], radius_m: float) -> Box:
    """A box that holds these points and all that is no further from one than the radius."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    up = radius_m / _METRES_PER_LAT_DEG * _MARGIN
    south, north = min(ys) - up, max(ys) + up
    highest = max(abs(south), abs(north))
    if radius_m == 0.0:
        return min(xs), south, max(xs), north
    if highest >= geo.LAT_LIMIT_DEG:
        return -_HALF_TURN_DEG, max(south, -90.0), _HALF_TURN_DEG, min(north, 90.0)
    aside = min(_HALF_TURN_DEG, radius_m / fence_lines.metres_per_degree(highest)[1] * _MARGIN)
    return min(xs) - aside, south, max(xs) + aside, north


def _turned(drawn: Drawn) -> list[Box]:
    """The boxes in degrees east of Greenwich, on both sides of the antimeridian where they reach over it."""
    boxes = []
    for west, south, east, north in drawn.boxes:
        for turn in (-360.0, 0.0, 360.0):
            left, right = west + drawn.lon0 + turn, east + drawn.lon0 + turn
            if right >= -_HALF_TURN_DEG and left <= _HALF_TURN_DEG:
                boxes.append((left, south, right, north))
    return boxes

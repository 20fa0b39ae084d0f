"""The plain geometry of fences: how deep a position lies, and whether a way leads through.

The reference for `ingest.fence_index`, which answers the same for many at once.
"""

import itertools
from dataclasses import dataclass

from domain import fence_fold, fence_lines, fence_shapes, geo


def outline_of(shape: fence_shapes.Shape) -> fence_fold.Outline:
    """The geometry of a shape, prepared."""
    match shape:
        case fence_shapes.Circle():
            return _Circle(shape=shape)
        case fence_shapes.Corridor():
            lon0 = shape.line[0][0]
            points = fence_lines.flattened(shape.line, lon0)
            return _Corridor(lon0=lon0, radius_m=shape.width_m / 2, points=tuple(points))
        case fence_shapes.Polygons():
            lon0 = shape.parts[0].shell[0][0]
            rings = [
                [fence_lines.flattened(fence_lines.closed(ring), lon0) for ring in (part.shell, *part.holes)]
                for part in shape.parts
            ]
            return _Polygons(lon0=lon0, parts=tuple(tuple(tuple(_edges(ring)) for ring in part) for part in rings))


def _edges(points: list[fence_lines.Point]) -> list[fence_lines.Edge]:
    return list(itertools.pairwise(points))


def _point(lon0: float, position: geo.Position) -> fence_lines.Point:
    return fence_shapes.wrapped_deg(position.lon - lon0), position.lat


def _way(lon0: float, a: geo.Position, b: geo.Position) -> fence_lines.Edge:
    start = _point(lon0, a)
    return start, (start[0] + fence_shapes.wrapped_deg(b.lon - a.lon), b.lat)


def _reaches(vertex: fence_lines.Point, way: fence_lines.Edge, radius_m: float) -> bool:
    north_m, east_m = fence_lines.metres_per_degree(vertex[1])
    x, y = fence_lines.nearest(vertex, [way])
    return ((x - vertex[0]) * east_m) ** 2 + ((y - vertex[1]) * north_m) ** 2 <= radius_m**2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Circle:
    shape: fence_shapes.Circle

    def depth_m(self, position: geo.Position) -> float:
        return self.shape.radius_m - geo.geodesic_m(self.shape.centre, position)

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        centre = self.shape.centre
        return _reaches((0.0, centre.lat), _way(centre.lon, a, b), self.shape.radius_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corridor:
    lon0: float
    radius_m: float
    points: tuple[fence_lines.Point, ...]

    def depth_m(self, position: geo.Position) -> float:
        point = _point(self.lon0, position)
        return self.radius_m - fence_lines.distance_m(point, fence_lines.nearest(point, _edges(list(self.points))))

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        way = _way(self.lon0, a, b)
        if any(fence_lines.do_meet(way, edge) for edge in _edges(list(self.points))):
            return True
        return any(_reaches(point, way, self.radius_m) for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Polygons:
    lon0: float
    parts: tuple[tuple[tuple[fence_lines.Edge, ...], ...], ...]  #: of each polygon the rings, the shell first

    def depth_m(self, position: geo.Position) -> float:
        point = _point(self.lon0, position)
        edges = [edge for part in self.parts for ring in part for edge in ring]
        off_m = fence_lines.distance_m(point, fence_lines.nearest(point, edges))
        return off_m if self._holds(point) else -max(off_m, fence_lines.LEAST_M)

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        way = _way(self.lon0, a, b)
        return any(fence_lines.do_meet(way, edge) for part in self.parts for ring in part for edge in ring)

    def _holds(self, point: fence_lines.Point) -> bool:
        # A hole's rings count like the shell's: what lies within an odd number of rings of a polygon is inside.
        return any(sum(_crossings(ring, point) for ring in part) % 2 == 1 for part in self.parts)


def _crossings(ring: tuple[fence_lines.Edge, ...], point: fence_lines.Point) -> int:
    """How many edges a ray to the east crosses; half-open in latitude, so that a corner counts once."""
    x, y = point
    return sum((y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 for (x1, y1), (x2, y2) in ring)

"""Lines of fences as the plane of longitude and latitude can hold them: great circles in pieces, distances in metres.

A fence's own longitude is 0 of its plane, so that none of its lines meets the antimeridian. A straight piece in this plane is
not a great circle, but the pieces are so short that the two are never more than some centimetres apart.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

from domain import fence_shapes, geo

Point = tuple[float, float]
"""Degrees east of the fence's own longitude, and latitude."""
Edge = tuple[Point, Point]

LEAST_M = 1e-6
"""As far as this is outside what computes to lie on the edge and not inside: so a depth alone tells the side."""


def flattened(line: fence_shapes.Ring, lon0: float) -> list[Point]:
    """A line in the plane of a fence, densified so that it follows the great circles between its points."""
    x = fence_shapes.wrapped_deg(line[0][0] - lon0)
    points = [(x, line[0][1])]
    for (lon1, lat1), (lon2, lat2) in itertools.pairwise(line):
        step = fence_shapes.wrapped_deg(lon2 - lon1)
        points += [(x + dx, lat) for dx, lat in _between(lat1, step, lat2)]
        x += step
        points.append((x, lat2))
    return points


def closed(ring: fence_shapes.Ring) -> fence_shapes.Ring:
    """A ring whose last point is its first."""
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Length of a degree of latitude and of longitude on the WGS 84 ellipsoid, good to a centimetre.

    Snyder, "Map Projections: A Working Manual" (USGS Professional Paper 1395, 1987), table of lengths, as a series.
    """
    phi = math.radians(lat)
    north_m = 111_132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    east_m = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    return north_m, max(east_m, 0.0)


def nearest(point: Point, edges: Sequence[Edge]) -> Point:
    """The place on these edges that is nearest to a point, which is not too far away."""
    north_m, east_m = metres_per_degree(point[1])
    best, best_sq = point, math.inf
    for (x1, y1), (x2, y2) in edges:
        ax, ay = (x1 - point[0]) * east_m, (y1 - point[1]) * north_m
        dx, dy = (x2 - x1) * east_m, (y2 - y1) * north_m
        length_sq = dx * dx + dy * dy
        t = min(1.0, max(0.0, -(ax * dx + ay * dy) / length_sq)) if length_sq > 0.0 else 0.0
        off_sq = (ax + t * dx) ** 2 + (ay + t * dy) ** 2
        if off_sq < best_sq:
            best, best_sq = (x1 + t * (x2 - x1), y1 + t * (y2 - y1)), off_sq
    return best


def distance_m(a: Point, b: Point) -> float:
    """On the ellipsoid."""
    return geo.geodesic_m(geo.Position(a[1], 0.0), geo.Position(b[1], fence_shapes.wrapped_deg(b[0] - a[0])))


def do_meet(a: Edge, b: Edge) -> bool:
    """Whether two edges have a point in common."""
    (p, q), (r, s) = a, b
    sides = _side(p, q, r), _side(p, q, s), _side(r, s, p), _side(r, s, q)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((sides[0], p, q, r), (sides[1], p, q, s), (sides[2], r, s, p), (sides[3], r, s, q))
    return any(side == 0 and _in_box(u, v, w) for side, u, v, w in ends)


def _side(p: Point, q: Point, r: Point) -> float:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def _in_box(p: Point, q: Point, r: Point) -> bool:
    return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])


def _between(lat1: float, step: float, lat2: float) -> Iterator[Point]:
    """Longitudes past the first point, and latitudes, of the places that a great circle's pieces meet at."""
    pieces = fence_shapes.pieces_of(lat1, step, lat2)
    if pieces == 1:
        return
    phi1, phi2, lam = math.radians(lat1), math.radians(lat2), math.radians(step)
    a = (math.cos(phi1), 0.0, math.sin(phi1))
    b = (math.cos(phi2) * math.cos(lam), math.cos(phi2) * math.sin(lam), math.sin(phi2))
    angle = math.atan2(math.dist(a, b) / 2, math.dist(a, tuple(-c for c in b)) / 2) * 2
    for k in range(1, pieces):
        u, v = math.sin(angle * (1 - k / pieces)), math.sin(angle * k / pieces)
        x, y, z = (u * p + v * q for p, q in zip(a, b, strict=True))
        yield math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))

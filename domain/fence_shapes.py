"""What a geofence can look like: polygons with holes, a circle, a corridor along a line."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain import errors, geo

Ring = Sequence[tuple[float, float]]
"""Longitude and latitude in degrees, closed or not."""

Edge = tuple[tuple[float, float], tuple[float, float]]

SMALLEST_M = 1.0
LARGEST_M = 1_000_000.0
WIDEST_CORRIDOR_M = 20_000.0
WIDEST_DEG = 170.0
MOST_POINTS = 20_000
MOST_PIECES = 100_000
"""Of all edges of a fence: some of the longest, or many that are short."""
APART_M = 0.05
_MOST_PIECES_OF_AN_EDGE = 10_000
HIGHEST_LINE_DEG = 89.5
_FEWEST_CORNERS = 3


class ShapeError(errors.DomainError):
    """A shape that encloses nothing, or that lies nowhere."""

    code = "invalid_shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A shell with holes; edges are great circles, as PostGIS has them on its geography type.

    Raises:
        ShapeError: a ring with fewer than three corners, around a pole, or with a corner that is no position.
    """

    shell: Ring
    holes: tuple[Ring, ...] = ()

    def __post_init__(self) -> None:
        for ring in (self.shell, *self.holes):
            _check_places(ring)
            if len(set(ring)) < _FEWEST_CORNERS:
                raise ShapeError("a ring has at least three different corners")
            steps = [wrapped_deg(b[0] - a[0]) for a, b in edges_of(ring)]
            if abs(sum(steps)) > 1.0:
                raise ShapeError("a polygon can't go around a pole; take a circle")
            reached = list(itertools.accumulate(steps))
            if max(reached) - min(reached) > WIDEST_DEG:
                raise ShapeError(f"a polygon is at most {WIDEST_DEG:.0f}° wide")


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygons:
    """One polygon or several."""

    parts: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ShapeError("a fence has at least one polygon")
        _check_pieces(edge for part in self.parts for ring in (part.shell, *part.holes) for edge in edges_of(ring))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All that is no further from the centre, on the ellipsoid, than the radius."""

    centre: geo.Position
    radius_m: float

    def __post_init__(self) -> None:
        _check_size("radius", self.radius_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corridor:
    """All that is no further from a line than half of the width; ends and bends are round."""

    line: Ring
    width_m: float

    def __post_init__(self) -> None:
        _check_places(self.line)
        if abs(max((lat for _, lat in self.line), key=abs, default=0.0)) > HIGHEST_LINE_DEG:
            raise ShapeError(f"a corridor ends {geo.LAT_LIMIT_DEG - HIGHEST_LINE_DEG:.1f}° from the poles")
        if len(set(self.line)) < 2:  # noqa: PLR2004 - two ends
            raise ShapeError("a line has at least two different points")
        _check_pieces(itertools.pairwise(self.line))
        _check_size("width", self.width_m, most_m=WIDEST_CORRIDOR_M)


Shape = Polygons | Circle | Corridor


def polygon(shell: Ring, *holes: Ring) -> Polygons:
    """A shape of one polygon."""
    return Polygons(parts=(Polygon(shell=shell, holes=holes),))


def wrapped_deg(delta: float) -> float:
    """A difference of longitudes the short way, −180…180; one that is short already comes back to the bit."""
    if delta > geo.LON_LIMIT_DEG:
        return delta - 360.0
    return delta + 360.0 if delta < -geo.LON_LIMIT_DEG else delta


def pieces_of(lat1: float, step_deg: float, lat2: float) -> int:
    """In how many straight pieces an edge stays within APART_M of its great circle, by the curvature of one in the plane."""
    lam, d_phi = math.radians(abs(step_deg)), math.radians(abs(lat2 - lat1))
    phi = math.radians(max(abs(lat1), abs(lat2)))
    apart_m = geo.EARTH_RADIUS_M / 8 * math.sin(phi) * lam * (lam * math.cos(phi) + 2 * d_phi)
    return min(_MOST_PIECES_OF_AN_EDGE, max(1, math.ceil(math.sqrt(apart_m / APART_M))))


def edges_of(ring: Ring) -> Iterable[Edge]:
    """The edges of a ring, the closing one too."""
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _check_places(places: Ring) -> None:
    if len(places) > MOST_POINTS:
        raise ShapeError(f"{MOST_POINTS} points are the most that a ring or line has")
    for lon, lat in places:
        try:
            geo.Position(lat, lon)
        except geo.InvalidPositionError as error:
            raise ShapeError(str(error)) from None


def _check_pieces(edges: Iterable[Edge]) -> None:
    pieces = sum(pieces_of(lat1, wrapped_deg(lon2 - lon1), lat2) for (lon1, lat1), (lon2, lat2) in edges)
    if pieces > MOST_PIECES:
        raise ShapeError(
            "too many long edges: along their great circles they come to more points than a fence may have"
        )


def _check_size(name: str, size_m: float, *, most_m: float = LARGEST_M) -> None:
    if not (math.isfinite(size_m) and SMALLEST_M <= size_m <= most_m):
        raise ShapeError(f"a {name} is {SMALLEST_M:.0f} m to {most_m / 1e3:.0f} km, not {size_m}")

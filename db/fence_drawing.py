"""The area of a fence as a map can draw it: circles and corridors as polygons, long edges along their great circles."""

from typing import Any

import pyproj
import shapely
import shapely.affinity

from domain import fence_lines, fence_shapes

_GEOD = pyproj.Geod(ellps="WGS84")
_CIRCLE_CORNERS = 72
_CORNERS_OF_A_BEND = 8


def area(shape: fence_shapes.Shape) -> dict[str, Any]:
    """A GeoJSON Polygon or MultiPolygon; over the antimeridian its longitudes go on past 180."""
    match shape:
        case fence_shapes.Circle():
            return _polygon(_circle(shape))
        case fence_shapes.Corridor():
            return _polygon(_corridor(shape))
        case fence_shapes.Polygons():
            lon0 = shape.parts[0].shell[0][0]
            parts = [
                shapely.Polygon(_along(part.shell, lon0), [_along(hole, lon0) for hole in part.holes])
                for part in shape.parts
            ]
            return _polygon(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))


def _along(ring: fence_shapes.Ring, lon0: float) -> list[tuple[float, float]]:
    return [(x + lon0, lat) for x, lat in fence_lines.flattened(fence_lines.closed(ring), lon0)]


def _circle(shape: fence_shapes.Circle) -> shapely.Polygon:
    centre = shape.centre
    turns = [360.0 * number / _CIRCLE_CORNERS for number in range(_CIRCLE_CORNERS)]
    count = len(turns)
    lons, lats, _ = _GEOD.fwd([centre.lon] * count, [centre.lat] * count, turns, [shape.radius_m] * count)
    beside = [centre.lon + fence_shapes.wrapped_deg(lon - centre.lon) for lon in lons]
    return shapely.Polygon(list(zip(beside, lats, strict=True)))


def _corridor(shape: fence_shapes.Corridor) -> shapely.Polygon:
    lon0 = shape.line[0][0]
    points = fence_lines.flattened(shape.line, lon0)
    middle = sum(lat for _, lat in points) / len(points)
    north_m, east_m = fence_lines.metres_per_degree(middle)
    line = shapely.LineString([(x * east_m, lat * north_m) for x, lat in points])
    flat = line.buffer(shape.width_m / 2, quad_segs=_CORNERS_OF_A_BEND)
    turned = shapely.affinity.scale(flat, 1 / east_m, 1 / north_m, origin=(0, 0))
    moved: shapely.Polygon = shapely.affinity.translate(turned, lon0)
    return moved


def _polygon(area_: shapely.Polygon | shapely.MultiPolygon) -> dict[str, Any]:
    made: dict[str, Any] = shapely.geometry.mapping(area_)
    return made

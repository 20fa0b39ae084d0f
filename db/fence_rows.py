"""Rows of geofences to fences and back: geometry by shapely, hours and rules as the JSON of `domain.fence_forms`."""

import json
from collections.abc import Mapping
from typing import Any

import shapely

from db import errors
from domain import fence_forms, fence_shapes, fences, geo

Outline = shapely.Point | shapely.LineString | shapely.Polygon | shapely.MultiPolygon
POLYGON, CIRCLE, CORRIDOR = "polygon", "circle", "corridor"


def fence_of(row: Mapping[str, Any]) -> fences.Geofence:
    """The fence of a row of `watched_fences` or `fence_list`.

    Raises:
        DomainError: somebody has written a row by hand that can't be meant.
    """
    return fences.Geofence(
        id=row["id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        kind=row["kind"],
        shape=_shape_of(row),
        zone=row["time_zone"],
        floor_m=row["floor_m"],
        ceiling_m=row["ceiling_m"],
        schedule=fence_forms.hours_of(row["schedule"], "schedule"),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        rules=fence_forms.rules_of(row["rules"]),
    )


def row_of(fence: fences.Geofence) -> dict[str, Any]:
    """The columns of a fence; its geometry as EWKT, JSON as text.

    Raises:
        DatabaseError: an outline crosses itself; the message says where.
    """
    shape = fence.shape
    hours = fence_forms.hours_form(fence.schedule)
    return {
        "name": fence.name,
        "kind": fence.kind,
        "shape": _KINDS[type(shape)],
        "geom": f"SRID=4326;{_geometry(fence).wkt}",
        "radius_m": shape.radius_m if isinstance(shape, fence_shapes.Circle) else None,
        "width_m": shape.width_m if isinstance(shape, fence_shapes.Corridor) else None,
        "floor_m": fence.floor_m,
        "ceiling_m": fence.ceiling_m,
        "schedule": None if hours is None else json.dumps(hours),
        "valid_from": fence.valid_from,
        "valid_until": fence.valid_until,
        "rules": json.dumps(fence_forms.rules_form(fence.rules)),
    }


_KINDS: Mapping[type, str] = {
    fence_shapes.Polygons: POLYGON,
    fence_shapes.Circle: CIRCLE,
    fence_shapes.Corridor: CORRIDOR,
}


def _shape_of(row: Mapping[str, Any]) -> fence_shapes.Shape:
    geometry = shapely.from_wkb(bytes(row["wkb"]))
    if isinstance(geometry, shapely.Point):
        return fence_shapes.Circle(centre=geo.Position(geometry.y, geometry.x), radius_m=row["radius_m"])
    if isinstance(geometry, shapely.LineString):
        return fence_shapes.Corridor(line=_ring(geometry), width_m=row["width_m"])
    parts = getattr(geometry, "geoms", [geometry])
    return fence_shapes.Polygons(
        parts=tuple(
            fence_shapes.Polygon(
                shell=_ring(part.exterior)[:-1], holes=tuple(_ring(hole)[:-1] for hole in part.interiors)
            )
            for part in parts
        )
    )


def _ring(line: shapely.LineString) -> fence_shapes.Ring:
    return tuple((lon, lat) for lon, lat in line.coords)


def _geometry(fence: fences.Geofence) -> Outline:
    match fence.shape:
        case fence_shapes.Circle(centre=centre):
            return shapely.Point(centre.lon, centre.lat)
        case fence_shapes.Corridor(line=line):
            return shapely.LineString(line)
        case fence_shapes.Polygons(parts=parts):
            # Over the antimeridian an outline looks as if it crossed itself; seen from its own longitude it doesn't.
            lon0 = parts[0].shell[0][0]
            turned = _joined(
                [shapely.Polygon(_turned(p.shell, lon0), [_turned(h, lon0) for h in p.holes]) for p in parts]
            )
            if not turned.is_valid or turned.is_empty:
                raise errors.DatabaseError(f"geofence {fence.name}: {_why(turned, lon0)}")
            return _joined([shapely.Polygon(part.shell, part.holes) for part in parts])
    raise AssertionError(fence.shape)


def _turned(ring: fence_shapes.Ring, lon0: float) -> list[tuple[float, float]]:
    return [(fence_shapes.wrapped_deg(lon - lon0), lat) for lon, lat in ring]


def _why(turned: Outline, lon0: float) -> str:
    reason = shapely.is_valid_reason(turned)
    words, _, place = reason.partition("[")
    if not place:
        return reason
    x, y = (float(number) for number in place.rstrip("]").split())
    return f"{words.strip()} at longitude {fence_shapes.wrapped_deg(x + lon0):.6g}, latitude {y:.6g}"


def _joined(polygons: list[shapely.Polygon]) -> Outline:
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)

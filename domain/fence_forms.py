"""Geofences as people and programs write them: GeoJSON with the numbers beside it, hours and rules as plain JSON.

GeoJSON is RFC 7946; a circle is a Point with `radius_m`, a corridor a LineString with `width_m`.
"""

import dataclasses
import datetime as dt
import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from domain import fence_shapes, fences, geo, schedules

T = TypeVar("T")
Form = Mapping[str, Any]

_FIELDS = frozenset(
    [
        "name",
        "kind",
        "geometry",
        "radius_m",
        "width_m",
        "floor_m",
        "ceiling_m",
        "schedule",
        "valid_from",
        "valid_until",
        "rules",
    ]
)
_HOURS_FIELDS = frozenset(("days", "from", "to", "zone"))
_NUMBERS = frozenset(
    [
        "confirm_s",
        "band_least_m",
        "band_most_m",
        "dwell_s",
        "speed_limit_mps",
        "speed_least_s",
        "absence_grace_s",
        "guard_stay_s",
    ]
)
_HOURS = frozenset(("absence", "guard"))
_DEFAULTS = fences.Rules()


def fence_of(form: Form, *, fence_id: uuid.UUID, tenant_id: uuid.UUID, zone: str) -> fences.Geofence:
    """The geofence that a form describes.

    Raises:
        FenceError, ShapeError, ScheduleError: what is wrong, in a sentence.
    """
    _only(form, _FIELDS, "a geofence")
    return fences.Geofence(
        id=fence_id,
        tenant_id=tenant_id,
        name=_text(form.get("name"), "name"),
        kind=_text(form.get("kind") or "zone", "kind"),
        shape=shape_of(form.get("geometry"), radius_m=form.get("radius_m"), width_m=form.get("width_m")),
        zone=zone,
        floor_m=_number(form.get("floor_m"), "floor_m"),
        ceiling_m=_number(form.get("ceiling_m"), "ceiling_m"),
        schedule=hours_of(form.get("schedule"), "schedule"),
        valid_from=_date(form.get("valid_from"), "valid_from"),
        valid_until=_date(form.get("valid_until"), "valid_until"),
        rules=rules_of(form.get("rules") or {}),
    )


def form_of(fence: fences.Geofence) -> dict[str, Any]:
    """The form of a geofence; `fence_of` makes the same one of it."""
    shape = fence.shape
    return {
        "name": fence.name,
        "kind": fence.kind,
        "geometry": geometry_of(shape),
        "radius_m": shape.radius_m if isinstance(shape, fence_shapes.Circle) else None,
        "width_m": shape.width_m if isinstance(shape, fence_shapes.Corridor) else None,
        "floor_m": fence.floor_m,
        "ceiling_m": fence.ceiling_m,
        "schedule": hours_form(fence.schedule),
        "valid_from": fence.valid_from.isoformat() if fence.valid_from else None,
        "valid_until": fence.valid_until.isoformat() if fence.valid_until else None,
        "rules": rules_form(fence.rules),
    }


def shape_of(  # noqa: C901 - a word for each kind
    geometry: Any, *, radius_m: Any = None, width_m: Any = None
) -> fence_shapes.Shape:
    """The shape of a GeoJSON geometry.

    Raises:
        ShapeError: it is none, or a number is missing or one too many.
    """
    if not isinstance(geometry, Mapping) or not isinstance(geometry.get("type"), str):
        raise fence_shapes.ShapeError("the geometry is a GeoJSON geometry: Polygon, MultiPolygon, Point or LineString")
    kind = geometry["type"]
    for name, value, owner in (("radius_m", radius_m, "Point"), ("width_m", width_m, "LineString")):
        if kind == owner and value is None:
            raise fence_shapes.ShapeError(f"a {owner} needs {name}")
        if kind != owner and value is not None:
            raise fence_shapes.ShapeError(f"{name} belongs to a {owner}, not to a {kind}")
    at = geometry.get("coordinates")
    try:
        match kind:
            case "Polygon":
                return fence_shapes.Polygons(parts=(_polygon(at),))
            case "MultiPolygon":
                return fence_shapes.Polygons(parts=tuple(_polygon(part) for part in at))  # type: ignore[union-attr]
            case "Point":
                lon, lat = _place(at)
                return fence_shapes.Circle(centre=geo.Position(lat, lon), radius_m=_needed(radius_m, "radius_m"))
            case "LineString":
                return fence_shapes.Corridor(line=_line(at), width_m=_needed(width_m, "width_m"))
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise fence_shapes.ShapeError(f"the coordinates are not those of a {kind}") from None
    except geo.InvalidPositionError as error:
        raise fence_shapes.ShapeError(str(error)) from None
    raise fence_shapes.ShapeError(f"a geofence is a Polygon, MultiPolygon, Point or LineString, not a {kind}")


def geometry_of(shape: fence_shapes.Shape) -> dict[str, Any]:
    """The GeoJSON geometry of a shape; what isn't in it stands in `radius_m` and `width_m`."""
    match shape:
        case fence_shapes.Circle():
            return {"type": "Point", "coordinates": [shape.centre.lon, shape.centre.lat]}
        case fence_shapes.Corridor():
            return {"type": "LineString", "coordinates": [list(place) for place in shape.line]}
        case fence_shapes.Polygons():
            parts = [[_closed(ring) for ring in (part.shell, *part.holes)] for part in shape.parts]
            if len(parts) == 1:
                return {"type": "Polygon", "coordinates": parts[0]}
            return {"type": "MultiPolygon", "coordinates": parts}


def rules_of(form: Any) -> fences.Rules:
    """The rules of a form; what it doesn't name is as usual."""
    if not isinstance(form, Mapping):
        raise fences.FenceError("rules are an object")
    _only(form, frozenset(field.name for field in dataclasses.fields(fences.Rules)), "rules")
    read: dict[str, Any] = {}
    for name, value in form.items():
        if name in _NUMBERS:
            default = getattr(_DEFAULTS, name)
            read[name] = default if value is None else _number(value, name)
        elif name in _HOURS:
            read[name] = hours_of(value, name)
        elif name == "crossings":
            if not isinstance(value, bool):
                raise fences.FenceError("crossings is true or false")
            read[name] = value
        elif isinstance(value, bool) or not isinstance(value, int):
            raise fences.FenceError(f"{name} is a whole number")
        else:
            read[name] = value
    return fences.Rules(**read)


def rules_form(rules: fences.Rules) -> dict[str, Any]:
    """The form of rules, without what is as usual."""
    form: dict[str, Any] = {}
    for field in dataclasses.fields(fences.Rules):
        value = getattr(rules, field.name)
        if value != getattr(_DEFAULTS, field.name):
            form[field.name] = hours_form(value) if field.name in _HOURS else value
    return form


def hours_of(form: Any, name: str) -> schedules.Schedule | None:
    """The hours of a form: `{"days": [1, 5], "from": "22:00", "to": "06:00", "zone": null}`."""
    if form is None:
        return None
    if not isinstance(form, Mapping):
        raise schedules.ScheduleError(f"{name} is an object with from and to")
    _only(form, _HOURS_FIELDS, name)
    days = form.get("days")
    if days is not None and not (isinstance(days, list) and all(type(day) is int for day in days)):
        raise schedules.ScheduleError(f"{name}: days is a list of numbers, 1 is Monday")
    zone = form.get("zone")
    if zone is not None and not isinstance(zone, str):
        raise schedules.ScheduleError(f"{name}: zone is the name of a time zone")
    return schedules.Schedule(
        start=_clock(form.get("from"), f"{name}: from"),
        end=_clock(form.get("to"), f"{name}: to"),
        days=schedules.EVERY_DAY if days is None else frozenset(days),
        zone=zone,
    )


def hours_form(hours: schedules.Schedule | None) -> dict[str, Any] | None:
    """The form of hours."""
    if hours is None:
        return None
    begin, end = (time.isoformat(timespec="minutes") for time in (hours.start, hours.end))
    return {"days": sorted(hours.days), "from": begin, "to": end, "zone": hours.zone}


def _polygon(rings: Any) -> fence_shapes.Polygon:
    shell, *holes = rings
    return fence_shapes.Polygon(shell=_ring(shell), holes=tuple(_ring(hole) for hole in holes))


def _ring(places: Any) -> fence_shapes.Ring:
    ring = _line(places)
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _line(places: Any) -> fence_shapes.Ring:
    return tuple(_place(place) for place in places)


def _place(place: Any) -> tuple[float, float]:
    lon, lat = place[0], place[1]
    return float(lon), float(lat)


def _closed(ring: fence_shapes.Ring) -> list[list[float]]:
    return [list(place) for place in (*ring, ring[0])]


def _only(form: Form, known: frozenset[str], of: str) -> None:
    strange = sorted(str(name) for name in form if name not in known)
    if strange:
        raise fences.FenceError(f"{of} has no {', '.join(strange)}; known are {', '.join(sorted(known))}")


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise fences.FenceError(f"{name} is a text")
    return value.strip()


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fences.FenceError(f"{name} is a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise fences.FenceError(f"{name} is a number, not {number}")
    return number


def _needed(value: Any, name: str) -> float:
    number = _number(value, name)
    assert number is not None
    return number


def _date(value: Any, name: str) -> dt.date | None:
    return None if value is None else _parsed(dt.date.fromisoformat, value, f"{name} is a day as 2026-03-01")


def _clock(value: Any, name: str) -> dt.time:
    return _parsed(dt.time.fromisoformat, value, f"{name} is a time as 22:00")


def _parsed(parse: Callable[[str], T], value: Any, wanted: str) -> T:
    try:
        return parse(value)
    except (TypeError, ValueError):
        raise fences.FenceError(f"{wanted}, not {value!r}") from None

"""A fence as `python -m db fence list` prints it: in the words in which its options are given."""

import datetime as dt
import itertools
import json
from typing import Any

from db import geofences
from domain import fence_forms, fence_shapes, fences, schedules


def line(fence: fences.Geofence, named: geofences.Whom) -> str:
    """Name, kind, shape, hours, days of validity, altitudes, rules and whom it looks at, with tabs between."""
    said = (
        fence.name,
        fence.kind,
        _shape(fence.shape),
        "always" if fence.schedule is None else _hours(fence.schedule),
        _bounds(_day(fence.valid_from), _day(fence.valid_until), otherwise="any day"),
        _bounds(_metres(fence.floor_m), _metres(fence.ceiling_m), otherwise="any altitude"),
        _rules(fence.rules),
        ", ".join([*named.devices, *named.vehicles, *map(str, named.people), *named.groups]) or "all",
    )
    return "\t".join(said)


def _shape(shape: fence_shapes.Shape) -> str:
    match shape:
        case fence_shapes.Circle():
            return f"circle of {shape.radius_m:g} m around {shape.centre.lat:.6f},{shape.centre.lon:.6f}"
        case fence_shapes.Corridor():
            return f"corridor of {len(shape.line)} points, {shape.width_m:g} m wide"
        case fence_shapes.Polygons(parts=parts):
            corners = sum(len(part.shell) for part in parts)
            return f"polygon of {corners} corners" if len(parts) == 1 else f"{len(parts)} polygons of {corners} corners"


def _hours(hours: schedules.Schedule) -> str:
    begin, end = (time.isoformat(timespec="minutes") for time in (hours.start, hours.end))
    days = "" if hours.days == schedules.EVERY_DAY else _days(sorted(hours.days))
    return " ".join(filter(None, (days, f"{begin}-{end}", hours.zone)))


def _days(days: list[int]) -> str:
    runs = [
        [day for _, day in run] for _, run in itertools.groupby(enumerate(days), lambda placed: placed[1] - placed[0])
    ]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _bounds(least: str | None, most: str | None, *, otherwise: str) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    if least is not None:
        return f"from {least}"
    return otherwise if most is None else f"up to {most}"


def _day(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _metres(altitude_m: float | None) -> str | None:
    return None if altitude_m is None else f"{altitude_m:g} m"


def _rules(rules: fences.Rules) -> str:
    def said(name: str, value: Any) -> str:
        own = getattr(rules, name)
        if isinstance(own, schedules.Schedule):
            return f"{name}={_hours(own)}"
        return f"{name}={value:g}" if isinstance(value, float) else f"{name}={json.dumps(value)}"

    return ", ".join(said(name, value) for name, value in fence_forms.rules_form(rules).items()) or "as usual"

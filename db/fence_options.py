"""What the options of `python -m db fence …` say: pieces of a form of `domain.fence_forms`.

An option that is not given is left out; one that takes something back says None.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
import shapely.errors

from db import errors, geofences
from domain import fences

Form = dict[str, Any]
_BACK = ("", "none")
_ALWAYS = ("", "always")


def shape(
    geojson: Path | None, wkt: str | None, circle: str | None, corridor: str | None, width_m: float | None
) -> Form:
    """Geometry and sizes.

    Raises:
        DatabaseError: several are given, or one can't be read.
    """
    given = [option for option in (geojson, wkt, circle, corridor) if option is not None]
    if len(given) > 1:
        raise errors.DatabaseError("give one of --geojson, --wkt, --circle and --corridor")
    width = {} if width_m is None else {"width_m": width_m}
    if geojson is not None:
        return {**_read_geojson(geojson), **width}
    if wkt is not None:
        return {"geometry": _read_wkt(wkt), **width}
    if circle is not None:
        lat, lon, radius_m = _numbers(circle, 3, "--circle is LATITUDE,LONGITUDE,RADIUS")
        return {"geometry": {"type": "Point", "coordinates": [lon, lat]}, "radius_m": radius_m}
    if corridor is not None:
        pairs = [_numbers(pair, 2, "--corridor is LATITUDE,LONGITUDE of each point") for pair in corridor.split()]
        line = [[lon, lat] for lat, lon in pairs]
        return {"geometry": {"type": "LineString", "coordinates": line}, **width}
    return width


def conditions(given: Mapping[str, str | None]) -> Form:
    """Kind, `schedule` of `hours`, days of validity, altitudes; of those that are given. `none` takes one back.

    Raises:
        DatabaseError: one can't be read.
    """
    told: Form = {}
    for name, text in given.items():
        if text is None:
            continue
        if name == "hours":
            told["schedule"] = hours(text)
        elif name in ("floor_m", "ceiling_m"):
            told[name] = _altitude(name, text)
        else:
            told[name] = None if text in _BACK and name != "kind" else text
    return told


def hours(text: str) -> Form | None:
    """Hours as `22:00-06:00`, `1-5 08:00-18:00` or either with a zone behind; None for `always`.

    Raises:
        DatabaseError: it can't be read.
    """
    if text in _ALWAYS:
        return None
    words = text.split()
    clocks = [place for place, word in enumerate(words) if ":" in word and "-" in word]
    if len(clocks) != 1 or len(words) - clocks[0] > 2:  # noqa: PLR2004 - a zone, no more
        raise errors.DatabaseError(
            f"hours are as `22:00-06:00`, `1-5 08:00-18:00` or `1-5 08:00-18:00 Europe/Paris`, not {text!r}"
        )
    days, zone = "".join(words[: clocks[0]]), words[clocks[0] + 1 :]
    begin, _, end = words[clocks[0]].partition("-")
    form: Form = {"from": begin, "to": end}
    if days:
        form["days"] = _days(days)
    return form | ({"zone": zone[0]} if zone else {})


def rules(given: Sequence[str]) -> Form:
    """Rules by name; None or the usual value where one is taken back.

    Raises:
        DatabaseError: one can't be read.
    """
    read: Form = {}
    for rule in given:
        name, equals, value = rule.partition("=")
        if not equals:
            raise errors.DatabaseError(f"a rule is NAME=VALUE, not {rule!r}")
        read[name] = hours(value) if name in ("absence", "guard") else _value(name, value)
    return read


def whom(
    named: list[str] | None, vehicles: list[str] | None, people: list[uuid.UUID] | None, groups: list[str] | None
) -> geofences.Whom:
    """Whom it looks at."""
    return geofences.Whom(
        devices=tuple(named or ()),
        vehicles=tuple(vehicles or ()),
        people=tuple(people or ()),
        groups=tuple(groups or ()),
    )


def _read_geojson(file: Path) -> Form:
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise errors.DatabaseError(f"{file}: {error}") from None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise errors.DatabaseError(f"{file}: a collection with one feature is wanted")
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        own = found.get("properties") or {}
        numbers = {name: own[name] for name in ("radius_m", "width_m") if name in own}
        return {"geometry": found.get("geometry"), **numbers}
    return {"geometry": found}


def _read_wkt(text: str) -> Form:
    try:
        found: Form = json.loads(shapely.to_geojson(shapely.from_wkt(text)))
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise errors.DatabaseError(f"--wkt: {error}") from None
    return found


def _numbers(text: str, count: int, wanted: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise errors.DatabaseError(f"{wanted}, not {text!r}")
    return numbers


def _altitude(name: str, text: str) -> float | None:
    try:
        return None if text in _BACK else float(text)
    except ValueError:
        option = name.replace("_", "-")
        raise errors.DatabaseError(f"--{option} is a number of metres, or none, not {text!r}") from None


def _days(text: str) -> list[int]:
    days: list[int] = []
    try:
        for part in text.split(","):
            first, dash, last = part.partition("-")
            days += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise errors.DatabaseError(f"days are as 1-5 or 1,3,7, not {text!r}") from None
    return days


def _value(name: str, text: str) -> Any:
    if not text:
        return getattr(fences.Rules(), name, None)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise errors.DatabaseError(f"{name} is a number, or true or false, not {text!r}") from None

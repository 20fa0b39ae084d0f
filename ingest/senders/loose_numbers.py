"""Numbers as public apps write them: as numbers or as strings, with values that stand for "unknown".

What must be there is refused where it makes no sense; what may be missing is unknown then, as a fix is worth more than its
speed.
"""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

from domain import geo, telemetry
from domain.wire import fields, fixes

BATTERY_RANGE_PCT = (0.0, 100.0)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST = 40


def number(value: Any) -> float | None:
    """A finite number, also from a string; None for anything else.

    >>> [number(value) for value in (5, "50", "", None, True, "x", float("nan"))]
    [5.0, 50.0, None, None, None, None, None]
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def within(value: Any, limits: tuple[float, float]) -> float | None:
    """A number within limits; None for what is none or lies outside, which is how apps say that they don't know."""
    found = number(value)
    return found if found is not None and limits[0] <= found <= limits[1] else None


def position(record: Mapping[str, Any], lat: str = "lat", lon: str = "lon") -> geo.Position:
    """The position in a record, by the names of its fields.

    Raises:
        WireError: it names the field that is missing or makes no sense.
    """
    return geo.Position(
        _required(record, lat, geo.LAT_LIMIT_DEG),
        _required(record, lon, geo.LON_LIMIT_DEG),
    )


def unix_time(value: Any, name: str, *, unit_s: float = 1.0) -> dt.datetime:
    """A date of GPS from a count of units since 1970.

    Raises:
        WireError: it is no number or no such date.
    """
    count = number(value)
    if count is None:
        raise fields.WireError(f"{name} is not a number")
    try:
        time = _EPOCH + dt.timedelta(seconds=count * unit_s)
    except OverflowError:
        raise fields.WireError(f"{name} {count:g} is not a date") from None
    return require_date(time, name)


def require_date(time: dt.datetime, name: str) -> dt.datetime:
    """Give back a date that a fix may have.

    Raises:
        WireError: it may not.
    """
    if not fixes.EARLIEST <= time < fixes.LATEST:
        raise fields.WireError(f"{name} {time.isoformat()} is not a date of GPS")
    return time


def mode(alt_m: float | None) -> telemetry.FixMode:
    """Apps don't tell the dimensions of a fix; one with an altitude has three."""
    return telemetry.FixMode.TWO_D if alt_m is None else telemetry.FixMode.THREE_D


def _required(record: Mapping[str, Any], name: str, limit: float) -> float:
    if record.get(name) in (None, ""):
        raise fields.WireError(f"{name} is missing")
    found = number(record[name])
    if found is None:
        raise fields.WireError(f"{name} is not a number")
    if not -limit <= found <= limit:
        raise fields.WireError(f"{name} {found:g} is not within {-limit:g} to {limit:g}")
    return found

"""Reading JSON of unknown quality: a field is there and right, or a WireError names it."""

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

from domain import errors


class WireError(errors.DomainError):
    """A payload does not follow the contract; the message names the field at fault."""

    code = "bad_payload"


def load(payload: bytes) -> Any:
    """Parse UTF-8 JSON. NaN and Infinity pass here, so that they spoil only the field that they stand in.

    Raises:
        WireError: it isn't JSON, or nested without end.
    """
    try:
        return json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from None


def dump(value: Any) -> bytes:
    """Write compact UTF-8 JSON."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def require_object(value: Any, what: str) -> Mapping[str, Any]:
    """Give back a JSON object.

    Raises:
        WireError: `what` is something else.
    """
    if not isinstance(value, dict):
        raise WireError(f"{what} is not an object")
    return value


def number(record: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """Read an optional number within [low, high].

    Raises:
        WireError: it is no number, not finite, or out of the range.
    """
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WireError(f"{name} is not a number")
    if not (low <= value <= high):
        raise WireError(f"{name} {_short(value)} is not within {low:g} to {high:g}")
    return float(value)


def required_number(record: Mapping[str, Any], name: str, low: float, high: float) -> float:
    """Read a number that must be there; raises as `number` does."""
    value = number(record, name, low, high)
    if value is None:
        raise WireError(f"{name} is missing")
    return value


def integer(record: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """Read an optional whole number within [low, high].

    Raises:
        WireError: it is not whole or out of the range.
    """
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise WireError(f"{name} is not a whole number")
    if not low <= value <= high:
        raise WireError(f"{name} {_short(value)} is not within {low} to {high}")
    return value


def required_integer(record: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """Read a whole number that must be there; raises as `integer` does."""
    value = integer(record, name, low, high)
    if value is None:
        raise WireError(f"{name} is missing")
    return value


def text(record: Mapping[str, Any], name: str, longest: int) -> str | None:
    """Read an optional string of 1 to `longest` characters without NUL and lone surrogates, which PostgreSQL can't store.

    Raises:
        WireError: it is no such string.
    """
    value = record.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not _storable(value):
        raise WireError(f"{name} is not a string of 1 to {longest} characters")
    return value


def time(record: Mapping[str, Any], name: str) -> dt.datetime:
    """Read an ISO 8601 time with a zone, to UTC.

    Raises:
        WireError: missing, malformed or without a zone.
    """
    value = record.get(name)
    if not isinstance(value, str):
        raise WireError(f"{name} is not an ISO 8601 time")
    try:
        parsed = dt.datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise WireError(f"{name} has no zone")
        return parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise WireError(f"{name} is not an ISO 8601 time: {value[:40]!r}") from None


def iso_ms(time: dt.datetime) -> str:
    """Write a time as the contract does: UTC with milliseconds.

    >>> iso_ms(dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.UTC))
    '2026-01-02T03:04:05.678Z'
    """
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def drop_none(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known."""
    return {key: value for key, value in record.items() if value is not None}


def _short(value: float) -> str:
    # An integer of thousands of digits is valid JSON; don't print it, and don't let %g overflow on it.
    return str(value) if isinstance(value, float) and math.isfinite(value) else str(value)[:20]


def _storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)

"""The fields of a sentence: a value that is there and possible, or None. Nothing raises, whatever the bytes."""

import datetime as dt
import functools

from domain.wire import fixes

KNOT_MPS = 1852 / 3600
KMH_MPS = 1 / 3.6
DAY_MS = 86_400_000
SAME_EPOCH_MS = 15
"""Stamps of one epoch differ by a few milliseconds in some receivers; the fastest (50 Hz) leave 20 between epochs."""

_HOURS, _MINUTES, _MINUTE_MS = 24, 60, 60_000
_NUMERIC = b" +-.0123456789"  # some receivers pad with blanks
_LEAP_SECOND = 60
_SPEED_UNKNOWN_KN = 999.0  # receivers write 999.9 for "don't know"
_COURSE_LIMIT_DEG = 360.0
_DOP_UNKNOWN = 99.0  # and 99.9, 99.99
_ALTITUDES_UNKNOWN_M = frozenset({-99.0, -99.9, -99.99, -999.0, -999.9, -999.99, -9999.0, -9999.9})
_CENTURY_FROM = 80  # GPS began in 1980
_FIRST_YEAR, _LAST_YEAR = 1980, 2261
_TIME_DIGITS = len("hhmmss")
_DATE_DIGITS = len("ddmmyy")


def number(raw: bytes) -> float | None:
    """A plain decimal number; `nan`, `1e5` and blanks are none."""
    if not raw or raw.translate(None, _NUMERIC):
        return None
    try:
        return float(raw)
    except ValueError:
        return None


def time_of_day_ms(raw: bytes) -> int | None:
    """Milliseconds since midnight of `hhmmss[.s…]`, cut, not rounded.

    A leap second (or a minute rounded up) becomes the last instant before the next minute that is an epoch of its own: times
    stay in order, and the second after it keeps its place.

    >>> DAY_MS - time_of_day_ms(b"235960.00")
    16
    """
    whole, _, fraction = raw.partition(b".")
    if len(whole) != _TIME_DIGITS or not whole.isdigit() or (fraction and not fraction.isdigit()):
        return None
    hours_minutes, seconds = divmod(int(whole), 100)
    hours, minutes = divmod(hours_minutes, 100)
    if hours >= _HOURS or minutes >= _MINUTES or seconds > _LEAP_SECOND:
        return None
    minute_ms = (hours * _MINUTES + minutes) * _MINUTE_MS
    if seconds == _LEAP_SECOND:
        return minute_ms + _MINUTE_MS - SAME_EPOCH_MS - 1
    return minute_ms + seconds * 1_000 + (int(fraction[:3].ljust(3, b"0")) if fraction else 0)


def day_of(day: bytes, month: bytes, year: bytes) -> int | None:
    """The ordinal of a date as ZDA writes it, None for one that no calendar or no GPS has."""
    if not (day.isdigit() and month.isdigit() and year.isdigit()):
        return None
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        return dt.date(int(year), int(month), int(day)).toordinal()
    except (ValueError, OverflowError):
        return None


@functools.lru_cache(maxsize=8)  # the same date in every sentence of a day
def day_of_ddmmyy(raw: bytes) -> int | None:
    """The ordinal of a date as RMC writes it; years 80–99 are of the last century.

    >>> dt.date.fromordinal(day_of_ddmmyy(b"190615"))
    datetime.date(2015, 6, 19)
    """
    if len(raw) != _DATE_DIGITS or not raw.isdigit():
        return None
    year = int(raw[4:])
    century = 1900 if year >= _CENTURY_FROM else 2000
    return day_of(raw[:2], raw[2:4], b"%d" % (century + year))


def coordinate(raw: bytes, hemisphere: bytes, positive: bytes, negative: bytes, limit_deg: float) -> float | None:
    """Degrees of `[d][d]dmm.m…`, whose degrees may be unpadded; None out of ±`limit_deg` or without a hemisphere.

    >>> coordinate(b"833.300", b"W", b"E", b"W", 180.0)
    -8.555
    """
    if hemisphere not in (positive, negative) or not raw.strip(b" ").replace(b".", b"", 1).isdigit():
        return None
    value = float(raw)
    degrees = value // 100
    minutes = value - degrees * 100
    result = degrees + minutes / _MINUTES
    # Exactly 60 is what a receiver's rounding makes of 59.99999.
    if minutes > _MINUTES or result > limit_deg:
        return None
    return round(-result if hemisphere == negative else result, 9)


def position(fields: list[bytes], first: int) -> tuple[float, float] | None:
    """Latitude and longitude from four fields."""
    lat = coordinate(fields[first], fields[first + 1], b"N", b"S", 90.0)
    lon = coordinate(fields[first + 2], fields[first + 3], b"E", b"W", 180.0)
    return None if lat is None or lon is None else (lat, lon)


def speed_mps(raw: bytes, unit_mps: float) -> float | None:
    """A speed over ground."""
    value = number(raw)
    if value is None or not 0.0 <= value < _SPEED_UNKNOWN_KN:
        return None
    return round(value * unit_mps, 4)


def course_deg(raw: bytes) -> float | None:
    """A true course, 0 ≤ course < 360; a blank one is None, not north."""
    value = number(raw)
    if value is None or not 0.0 <= value <= _COURSE_LIMIT_DEG:
        return None
    return value % _COURSE_LIMIT_DEG


def dilution(raw: bytes) -> float | None:
    """A dilution of precision."""
    value = number(raw)
    return value if value is not None and 0.0 < value < _DOP_UNKNOWN else None


def altitude_m(raw: bytes) -> float | None:
    """Metres above mean sea level."""
    value = number(raw)
    low, high = fixes.ALT_RANGE_M
    if value is None or not low <= value <= high or value in _ALTITUDES_UNKNOWN_M:
        return None
    return value


def satellites(raw: bytes) -> int | None:
    """Satellites in use."""
    return int(raw) if raw.isdigit() and int(raw) <= fixes.SATELLITES_RANGE[1] else None

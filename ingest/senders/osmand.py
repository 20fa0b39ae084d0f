"""The OsmAnd protocol: one position as the parameters of a query, as Traccar Client 8, OsmAnd and many trackers send it.

As Traccar reads them (https://www.traccar.org/osmand/): `timestamp` in seconds, milliseconds or ISO 8601, `speed` in knots,
`bearing` in degrees, `altitude`, `accuracy` and `odometer` in metres, `batt` in percent. `speed_mps` is ours: OsmAnd itself
fills in metres a second. What is empty is not told.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from domain import telemetry
from domain.wire import fields, fixes
from ingest.senders import alarms, loose_numbers, reports

SOFTWARE = "OsmAnd protocol"
TOKEN_NAMES = ("id", "deviceid", "token")
_MOST_PARAMETERS = 100
_MPS_PER_KNOT = 1852 / 3600
_FIRST_MILLISECOND_COUNT = 1e11  # as seconds it would be the year 5138
_FALSE_WORDS = frozenset({"false", "0", "no", "v"})

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A position, or why there is none."""

    fix: telemetry.Fix | None
    trouble: str | None = None


def parse(query: bytes) -> dict[str, str]:
    """The parameters of a query or form; of one that comes twice the last that is not empty.

    What is no UTF-8 spoils only the parameter that it stands in: there may be an SOS beside it.

    Raises:
        WireError: there are too many.
    """
    try:
        return dict(parse_qsl(query.decode(errors="replace"), max_num_fields=_MOST_PARAMETERS, errors="replace"))
    except ValueError:
        raise fields.WireError(f"more than {_MOST_PARAMETERS} parameters") from None


def token_of(parameters: Parameters) -> str | None:
    """What the sender proves itself with."""
    return next((parameters[name] for name in TOKEN_NAMES if name in parameters), None)


def without_token(parameters: Parameters) -> dict[str, str]:
    """The parameters as they may be kept."""
    return {name: value for name, value in parameters.items() if name not in TOKEN_NAMES}


def read(parameters: Parameters, *, device: str, received_at: dt.datetime) -> reports.Report:
    """Read one query; an alarm that calls for help is a press, whatever is wrong with its position (R44).

    Raises:
        WireError: the position can't be taken and there is no such alarm.
    """
    kind = alarms.kind_of(parameters.get("alarm"))
    battery_pct = loose_numbers.within(parameters.get("batt"), loose_numbers.BATTERY_RANGE_PCT)
    reading = _read_fix(parameters, received_at)
    if kind is None and reading.trouble is not None:
        raise fields.WireError(reading.trouble)
    contact = (
        reports.Contact(time=received_at, online=True, battery_pct=battery_pct, software=SOFTWARE)
        if reading.fix is None
        else reports.contact_at(reading.fix, battery_pct=battery_pct, software=SOFTWARE)
    )
    if kind is None:
        return reports.Report(fixes=() if reading.fix is None else (reading.fix,), contact=contact)
    press = alarms.press(
        kind,
        device=device,
        time=_time_or_none(parameters),
        fix=reading.fix,
        received_at=received_at,
        battery_pct=battery_pct,
        remarks=() if reading.trouble is None else (reading.trouble,),
    )
    return reports.Report(fixes=() if reading.fix is None else (reading.fix,), presses=(press,), contact=contact)


def _read_fix(parameters: Parameters, received_at: dt.datetime) -> _Reading:
    if parameters.get("valid", "").lower() in _FALSE_WORDS:
        return _Reading(fix=None)  # the last position that was known, told again
    place = dict(parameters)
    if "location" in parameters:
        place["lat"], _, place["lon"] = parameters["location"].partition(",")
    if "lat" not in place and "lon" not in place:
        return _Reading(fix=None)
    try:
        return _Reading(fix=_fix(parameters, place, received_at))
    except fields.WireError as error:
        return _Reading(fix=None, trouble=str(error))


def _fix(parameters: Parameters, place: Parameters, received_at: dt.datetime) -> telemetry.Fix:
    alt_m = loose_numbers.within(parameters.get("altitude"), fixes.ALT_RANGE_M)
    satellites = loose_numbers.within(parameters.get("sat"), fixes.SATELLITES_RANGE)
    return telemetry.Fix(
        time=_time(parameters) or received_at,
        position=loose_numbers.position(place),
        mode=loose_numbers.mode(alt_m),
        alt_m=alt_m,
        speed_mps=_speed_mps(parameters),
        course_deg=loose_numbers.within(parameters.get("bearing") or parameters.get("heading"), fixes.COURSE_RANGE_DEG),
        hdop=loose_numbers.within(parameters.get("hdop"), fixes.HDOP_RANGE) or None,
        satellites=None if satellites is None else int(satellites),
        accuracy_m=loose_numbers.within(parameters.get("accuracy"), fixes.ACCURACY_RANGE_M) or None,
        odometer_m=loose_numbers.within(parameters.get("odometer"), fixes.ODOMETER_RANGE_M),
    )


def _speed_mps(parameters: Parameters) -> float | None:
    if "speed_mps" in parameters:
        return loose_numbers.within(parameters["speed_mps"], fixes.SPEED_RANGE_MPS)
    knots = loose_numbers.within(parameters.get("speed"), (0.0, fixes.SPEED_RANGE_MPS[1] / _MPS_PER_KNOT))
    return None if knots is None else knots * _MPS_PER_KNOT


def _time_or_none(parameters: Parameters) -> dt.datetime | None:
    try:
        return _time(parameters)
    except fields.WireError:
        return None


def _time(parameters: Parameters) -> dt.datetime | None:
    """The time of the position; a date without a zone is UTC, as Traccar takes it."""
    text = parameters.get("timestamp")
    if text is None:
        return None
    count = loose_numbers.number(text)
    if count is not None:
        unit_s = 1e-3 if abs(count) >= _FIRST_MILLISECOND_COUNT else 1.0
        return loose_numbers.unix_time(count, "timestamp", unit_s=unit_s)
    try:
        time = dt.datetime.fromisoformat(text)
        time = time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise fields.WireError(f"timestamp is neither a count nor an ISO 8601 time: {text[:40]!r}") from None
    return loose_numbers.require_date(time, "timestamp")

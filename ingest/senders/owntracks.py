"""Payloads of OwnTracks, over MQTT and HTTP alike: https://owntracks.org/booklet/tech/json/.

`tst` is in seconds, `vel` in km/h, `acc`, `alt` and `rad` in metres, `odometer` of trackers behind qtripp in km; 0 and −1 stand
for "unknown" in `acc`, `alt`, `vel` and `cog` (many Android phones always say 0), −1 in `batt`; numbers may be strings.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from domain import telemetry
from domain.wire import fields, fixes
from ingest.senders import loose_numbers, reports

SOFTWARE = "OwnTracks"
MOST_BYTES = 256 * 1024
MOST_WAYPOINTS = 200
_LONGEST_PLACE = 200
_MPS_PER_KMH = 1 / 3.6
_METRES_PER_KM = 1_000.0
_RADIUS_RANGE_M = (0.0, 1e7)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CLAIMS = {"enter": reports.ClaimKind.ENTERED, "leave": reports.ClaimKind.LEFT}

_PASSED_OVER = {
    "beacon": "a beacon is no position",
    "card": "a card says who it is, not where",
    "cmd": "a command is for the phone",
    "configuration": "a configuration is not kept",
    "dump": "a configuration is not kept",
    "msg": "a message is not kept",
    "request": "a request is for OwnTracks' own recorder",
    "status": "a status tells nothing of the position",
    "steps": "steps are not kept",
}


def read(payload: bytes, *, received_at: dt.datetime) -> reports.Report:
    """Read one payload.

    Raises:
        WireError: it can't be taken; the message says why in words for a person.
    """
    if len(payload) > MOST_BYTES:
        raise fields.WireError(f"{len(payload)} bytes; {MOST_BYTES} are allowed")
    record = fields.require_object(fields.load(payload), "an OwnTracks message")
    kind = record.get("_type")
    if not isinstance(kind, str):
        raise fields.WireError("_type is missing: not a message of OwnTracks")
    if kind in _PASSED_OVER:
        return reports.Report(passed_over=_PASSED_OVER[kind])
    reader = _READERS.get(kind)
    if reader is None:
        raise fields.WireError(f"_type {kind[:40]!r} is not known")
    return reader(record, received_at)


def _location(record: Mapping[str, Any], _received_at: dt.datetime) -> reports.Report:
    alt_m = _known(record.get("alt"), fixes.ALT_RANGE_M)
    speed_kmh = _known(record.get("vel"), (0.0, fixes.SPEED_RANGE_MPS[1] / _MPS_PER_KMH))
    odometer_km = loose_numbers.within(record.get("odometer"), (0.0, fixes.ODOMETER_RANGE_M[1] / _METRES_PER_KM))
    fix = telemetry.Fix(
        time=loose_numbers.unix_time(record.get("tst"), "tst"),
        position=loose_numbers.position(record),
        mode=loose_numbers.mode(alt_m),
        alt_m=alt_m,
        speed_mps=None if speed_kmh is None else speed_kmh * _MPS_PER_KMH,
        course_deg=_known(record.get("cog"), fixes.COURSE_RANGE_DEG),
        accuracy_m=_known(record.get("acc"), fixes.ACCURACY_RANGE_M),
        odometer_m=None if odometer_km is None else odometer_km * _METRES_PER_KM,
    )
    battery_pct = loose_numbers.within(record.get("batt"), loose_numbers.BATTERY_RANGE_PCT)
    contact = reports.contact_at(fix, battery_pct=battery_pct, software=SOFTWARE)
    return reports.Report(fixes=(fix,), contact=contact)


def _transition(record: Mapping[str, Any], _received_at: dt.datetime) -> reports.Report:
    kind = _CLAIMS.get(str(record.get("event")))
    if kind is None:
        raise fields.WireError(f"event {str(record.get('event'))[:40]!r} is neither enter nor leave")
    claim = reports.Claim(
        time=loose_numbers.unix_time(record.get("tst"), "tst"),
        kind=kind,
        place=_place(record),
        # Where it happened is optional, as a beacon may have told.
        position=loose_numbers.position(record) if "lat" in record or "lon" in record else None,
        accuracy_m=_known(record.get("acc"), fixes.ACCURACY_RANGE_M),
    )
    return reports.Report(claims=(claim,))


def _waypoint(record: Mapping[str, Any], received_at: dt.datetime) -> reports.Report:
    return reports.Report(claims=(_defined(record, received_at),))


def _waypoints(record: Mapping[str, Any], received_at: dt.datetime) -> reports.Report:
    listed = record.get("waypoints")
    if not isinstance(listed, list) or len(listed) > MOST_WAYPOINTS:
        raise fields.WireError(f"waypoints are not an array of at most {MOST_WAYPOINTS}")
    claims: list[reports.Claim] = []
    bad: list[str] = []
    for index, element in enumerate(listed):
        try:
            claims.append(_defined(fields.require_object(element, "a waypoint"), received_at))
        except fields.WireError as error:
            bad.append(f"waypoint {index}: {error}")
    if bad and not claims:
        raise fields.WireError("; ".join(bad))
    return reports.Report(claims=tuple(claims), bad=tuple(bad))


def _lwt(_record: Mapping[str, Any], received_at: dt.datetime) -> reports.Report:
    # Its tst is when the phone connected; that it is gone the broker says now.
    return reports.Report(contact=reports.Contact(time=received_at, online=False, software=SOFTWARE))


def _encrypted(_record: Mapping[str, Any], _received_at: dt.datetime) -> reports.Report:
    raise fields.WireError("the payload is encrypted: clear the encryption key in the app, TLS protects the way")


def _defined(record: Mapping[str, Any], received_at: dt.datetime) -> reports.Claim:
    """`tst` of a waypoint is when it was made and its name; one such as 9999 is no date, but it is not for us to judge."""
    made_s = loose_numbers.within(record.get("tst"), (0.0, (fixes.LATEST - _EPOCH).total_seconds() - 1))
    return reports.Claim(
        time=received_at if made_s is None else _EPOCH + dt.timedelta(seconds=made_s),
        kind=reports.ClaimKind.WAYPOINT,
        place=_place(record),
        position=loose_numbers.position(record),
        radius_m=loose_numbers.within(record.get("rad"), _RADIUS_RANGE_M),
    )


def _place(record: Mapping[str, Any]) -> str:
    return fields.text(record, "desc", _LONGEST_PLACE) or fields.text(record, "rid", _LONGEST_PLACE) or ""


def _known(value: Any, limits: tuple[float, float]) -> float | None:
    """A value that is neither 0 nor −1."""
    found = loose_numbers.within(value, limits)
    return None if found in (0.0, -1.0) else found


_READERS: Mapping[str, Callable[[Mapping[str, Any], dt.datetime], reports.Report]] = {
    "location": _location,
    "transition": _transition,
    "waypoint": _waypoint,
    "waypoints": _waypoints,
    "lwt": _lwt,
    "encrypted": _encrypted,
}

"""The JSON body of Traccar Client 9: `{"device_id": …, "location": {…} or [{…}, …]}`.

`coords` has latitude, longitude, accuracy (m), speed (m/s), heading, altitude (m), with −1 for unknown; `battery.level` is 0
to 1; the app's SOS comes as `extras.alarm`. Its `odometer` is its own sum of the same positions, begins anew with the app and
is passed over: ours is no worse.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from domain import telemetry
from domain.wire import fields, fixes
from ingest.senders import alarms, loose_numbers, reports

SOFTWARE = "Traccar Client"
MOST_LOCATIONS = fixes.MOST_FIXES
_TOKEN = "device_id"  # noqa: S105 - the name of a field


def token_of(body: Any) -> str | None:
    """What the sender proves itself with."""
    token = body.get(_TOKEN) if isinstance(body, dict) else None
    return token if isinstance(token, str) else None


def without_token(body: Any) -> Any:
    """The body as it may be kept: the app repeats the token within `location._`, which nobody reads."""
    kept = {name: value for name, value in body.items() if name != _TOKEN}
    located = kept.get("location")
    if isinstance(located, dict):
        kept["location"] = _bare(located)
    elif isinstance(located, list):
        kept["location"] = [_bare(each) for each in located]
    return kept


def read(body: Mapping[str, Any], *, device: str, received_at: dt.datetime) -> reports.Report:
    """Read one body; an alarm that calls for help is a press, whatever is wrong with its position (R44).

    Raises:
        WireError: nothing of it can be taken.
    """
    located = body.get("location")
    elements = located if isinstance(located, list) else [located]
    if not 1 <= len(elements) <= MOST_LOCATIONS:
        raise fields.WireError(f"{len(elements)} locations in a body; 1 to {MOST_LOCATIONS} are allowed")
    parts: list[reports.Report] = []
    bad: list[str] = []
    for index, element in enumerate(elements):
        try:
            parts.append(_read(fields.require_object(element, "location"), device=device, received_at=received_at))
        except fields.WireError as error:
            bad.append(f"location {index}: {error}")
    if not parts:
        raise fields.WireError("; ".join(bad))
    contacts = [part.contact for part in parts if part.contact is not None]
    return reports.Report(
        fixes=tuple(fix for part in parts for fix in part.fixes),
        presses=tuple(press for part in parts for press in part.presses),
        contact=max(contacts, key=lambda contact: contact.time, default=None),
        bad=tuple(bad),
    )


def _read(location: Mapping[str, Any], *, device: str, received_at: dt.datetime) -> reports.Report:
    extras = location.get("extras")
    alarm = extras.get("alarm") if isinstance(extras, dict) else None
    kind = alarms.kind_of(location.get("alarm")) or alarms.kind_of(alarm)
    battery_pct = _battery_pct(location.get("battery"))
    fix, trouble = None, None
    try:
        fix = _fix(location)
    except fields.WireError as error:
        if kind is None:
            raise
        trouble = str(error)
    contact = (
        reports.Contact(time=received_at, online=True, battery_pct=battery_pct, software=SOFTWARE)
        if fix is None
        else reports.contact_at(fix, battery_pct=battery_pct, software=SOFTWARE)
    )
    if kind is None:
        return reports.Report(fixes=() if fix is None else (fix,), contact=contact)
    press = alarms.press(
        kind,
        device=device,
        time=_time_or_none(location),
        fix=fix,
        received_at=received_at,
        battery_pct=battery_pct,
        remarks=() if trouble is None else (trouble,),
    )
    return reports.Report(fixes=() if fix is None else (fix,), presses=(press,), contact=contact)


def _fix(location: Mapping[str, Any]) -> telemetry.Fix | None:
    if location.get("coords") is None:
        return None  # a sign of life
    coords = fields.require_object(location["coords"], "coords")
    alt_m = loose_numbers.within(coords.get("altitude"), fixes.ALT_RANGE_M)
    return telemetry.Fix(
        time=_time(location),
        position=loose_numbers.position(coords, "latitude", "longitude"),
        mode=loose_numbers.mode(alt_m),
        alt_m=alt_m,
        speed_mps=loose_numbers.within(coords.get("speed"), fixes.SPEED_RANGE_MPS),
        course_deg=loose_numbers.within(coords.get("heading"), fixes.COURSE_RANGE_DEG),
        accuracy_m=loose_numbers.within(coords.get("accuracy"), fixes.ACCURACY_RANGE_M) or None,
    )


def _time(location: Mapping[str, Any]) -> dt.datetime:
    return loose_numbers.require_date(fields.time(location, "timestamp"), "timestamp")


def _time_or_none(location: Mapping[str, Any]) -> dt.datetime | None:
    try:
        return _time(location)
    except fields.WireError:
        return None


def _battery_pct(battery: Any) -> float | None:
    level = loose_numbers.within(battery.get("level"), (0.0, 1.0)) if isinstance(battery, dict) else None
    return None if level is None else round(level * 100, 1)


def _bare(location: Any) -> Any:
    return {name: value for name, value in location.items() if name != "_"} if isinstance(location, dict) else location

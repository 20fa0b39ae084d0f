"""Alarms that a phone's app sends beside its position: the ones that are presses, and the press of each."""

import datetime as dt
import uuid
from collections.abc import Mapping

from domain import telemetry
from domain.wire import fixes
from ingest import iso_times

# Words of Traccar for `alarm`, lower-case; all others (lowBattery, powerCut …) are no call for help.
KINDS: Mapping[str, telemetry.PressKind] = {
    "sos": telemetry.PressKind.PRESS,
    "panic": telemetry.PressKind.PRESS,
    "falldown": telemetry.PressKind.FALL,
    "mandown": telemetry.PressKind.MAN_DOWN,
}
_PRESS_NAMESPACE = uuid.UUID("1d9c8a52-0f0b-5b7e-8a15-3f2b8f6b7c90")


def kind_of(alarm: object) -> telemetry.PressKind | None:
    """The press that an alarm's word stands for."""
    return KINDS.get(alarm.strip().lower()) if isinstance(alarm, str) else None


def press(
    kind: telemetry.PressKind,
    *,
    device: str,
    time: dt.datetime | None,
    fix: telemetry.Fix | None,
    received_at: dt.datetime,
    battery_pct: float | None = None,
    remarks: tuple[str, ...] = (),
) -> telemetry.Press:
    """The press of a phone: the same one again, by device, kind and time, counts once (R47).

    `device` is `{tenant}/{device}`, and the phone is its own fob. `time` is by the phone's clock; where it tells none, each
    delivery is a press.
    """
    at = received_at if time is None else time
    return telemetry.Press(
        id=uuid.uuid5(_PRESS_NAMESPACE, f"{device}\n{kind}\n{iso_times.unix_us(at)}"),
        time=at,
        clock=telemetry.Clock.UNSET if time is None else telemetry.Clock.NTP,
        fob=device.rpartition("/")[2],
        kind=kind,
        seq=min(max(0, iso_times.unix_us(at)), fixes.HIGHEST_SEQ),
        battery_pct=battery_pct,
        fix=fix,
        remarks=remarks,
    )

"""Presses, fixes and alerts with something in every field."""

import dataclasses
import datetime as dt
import uuid
from typing import Any

from domain import emergencies, geo, telemetry
from tests.contract import stages

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, dt.UTC)
# Values that a single-precision column holds exactly.
FIX = telemetry.Fix(
    time=NOW - dt.timedelta(seconds=5),
    position=geo.Position(60.170123456789, 24.940987654321),
    mode=telemetry.FixMode.THREE_D,
    alt_m=12.5,
    speed_mps=3.25,
    course_deg=270.0,
    hdop=0.75,
    satellites=9,
    accuracy_m=4.5,
)


def press(**changes: Any) -> telemetry.Press:
    plain = telemetry.Press(
        id=uuid.uuid4(),
        time=NOW,
        clock=telemetry.Clock.GPS,
        fob=stages.FOB,
        kind=telemetry.PressKind.PRESS,
        seq=2**62,
        battery_pct=87.3,
        fix=FIX,
        fix_age_s=5.1,
        remarks=("bat is not a number",),
    )
    return dataclasses.replace(plain, **changes)


def alert(**changes: Any) -> emergencies.Alert:
    plain = emergencies.Alert(
        id=uuid.uuid4(),
        tenant_id=stages.TENANT,
        type=emergencies.AlertType.PANIC_BUTTON,
        priority=emergencies.AlertPriority.CRITICAL,
        state=emergencies.AlertState.OPEN,
        text="Panic button activated by Aino Virtanen",
        raised_at=NOW,
        pressed_at=NOW - dt.timedelta(seconds=1),
        last_press_at=NOW,
        press_count=1,
        device_name=stages.DEVICE.name,
        fob=stages.FOB,
    )
    return dataclasses.replace(plain, **changes)


def full_alert() -> emergencies.Alert:
    return alert(
        state=emergencies.AlertState.RESOLVED,
        person_id=stages.REPORTER.id,
        location=emergencies.AlertLocation(
            position=FIX.position,
            time=FIX.time,
            age_s=5.123456789,
            accuracy_m=4.1,
            source=emergencies.LocationSource.PRESS,
        ),
        remarks=frozenset({emergencies.AlertRemark.LATE, emergencies.AlertRemark.CLOCK_UNSET}),
        cancelled_by_device_at=NOW,
        acknowledged_at=NOW,
        acknowledged_by="elsa",
        resolved_at=NOW,
        resolved_by="olavi",
        resolution="false alarm; button stuck",
    )

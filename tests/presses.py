"""A press as a gateway hands it to its outbox: not numbered yet."""

import datetime as dt
import uuid

from domain import telemetry


def unnumbered(
    at: dt.datetime, *, fob: str = "F1", kind: telemetry.PressKind = telemetry.PressKind.PRESS
) -> telemetry.Press:
    return telemetry.Press(id=uuid.uuid4(), time=at, clock=telemetry.Clock.NTP, fob=fob, kind=kind, seq=0)

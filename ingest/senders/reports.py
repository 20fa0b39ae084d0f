"""What a public app on a phone says, in our own terms, whichever app and protocol it is."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from domain import geo, telemetry


class ClaimKind(StrEnum):
    """What a phone says of a place that it watches by itself; our own fences decide what we say of it."""

    ENTERED = "entered"
    LEFT = "left"
    WAYPOINT = "waypoint"  # the phone's user has defined the place


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One word of a phone about a place of its own."""

    time: dt.datetime
    kind: ClaimKind
    place: str
    position: geo.Position | None = None
    radius_m: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How the phone is, as far as it tells."""

    time: dt.datetime
    online: bool
    gps: telemetry.GpsState = telemetry.GpsState.NONE
    battery_pct: float | None = None
    software: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one message says."""

    fixes: tuple[telemetry.Fix, ...] = ()
    presses: tuple[telemetry.Press, ...] = ()
    claims: tuple[Claim, ...] = ()
    contact: Contact | None = None
    bad: tuple[str, ...] = ()  #: why elements of it were refused, beside good ones
    passed_over: str | None = None  #: why it says nothing that we keep


def contact_at(fix: telemetry.Fix, *, battery_pct: float | None, software: str) -> Contact:
    """The contact that a position stands for."""
    gps = telemetry.GpsState.THREE_D if fix.mode is telemetry.FixMode.THREE_D else telemetry.GpsState.TWO_D
    return Contact(time=fix.time, online=True, gps=gps, battery_pct=battery_pct, software=software)

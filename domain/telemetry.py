"""What a device tells: fixes, presses and its own status."""

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from domain import errors, geo

UNKNOWN_HDOP = 99.0
"""Stands for a missing HDOP where two fixes are ranked."""

METRES_PER_HDOP = 5.0
"""A usual user-equivalent range error; HDOP times this is a fair guess of the horizontal accuracy."""

WANDERING_MPS = 0.5
"""A receiver at rest wanders about as fast: a slower fix is one of a vehicle that stands."""


class NaiveTimeError(errors.DomainError):
    """A time without a zone was given where UTC is meant."""

    code = "naive_time"


class FixMode(IntEnum):
    """Dimensions of a fix, as GSA tells them."""

    TWO_D = 2
    THREE_D = 3


class PressKind(StrEnum):
    """What a panic button or a lone-worker device says."""

    PRESS = "press"
    LONG = "long"
    DOUBLE = "double"
    MAN_DOWN = "man_down"
    FALL = "fall"
    CHECK_IN = "check_in"  # "I am well"
    CANCEL = "cancel"  # never resolves: a person must still look (R47)
    TEST = "test"  # shown on the fob's page, never an alarm (R47)


class Clock(StrEnum):
    """Where the time of a press comes from."""

    GPS = "gps"
    NTP = "ntp"
    UNSET = "unset"  # the time is not to be believed


class GpsState(StrEnum):
    """What the receivers of a device see."""

    NONE = "none"
    TWO_D = "2d"
    THREE_D = "3d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One position of one device at one instant, as its receiver gave it.

    Raises:
        NaiveTimeError: the time has no zone.
    """

    time: dt.datetime
    position: geo.Position
    mode: FixMode = FixMode.TWO_D
    alt_m: float | None = None  #: above mean sea level
    speed_mps: float | None = None
    course_deg: float | None = None  #: over ground, true
    hdop: float | None = None
    satellites: int | None = None
    accuracy_m: float | None = None
    odometer_m: float | None = None  #: as the device counts; it only rises

    def __post_init__(self) -> None:
        _require_zone(self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button; its id makes a redelivered one count once (R47)."""

    id: uuid.UUID
    time: dt.datetime
    clock: Clock
    fob: str
    kind: PressKind
    seq: int
    battery_pct: float | None = None
    fix: Fix | None = None  #: the last good fix that the device knew
    fix_age_s: float | None = None
    remarks: tuple[str, ...] = ()  #: what was wrong with the message, in words (R44)

    def __post_init__(self) -> None:
        _require_zone(self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class FobState:
    """What a gateway last heard of a fob's supervision."""

    battery_pct: float | None = None
    rssi_dbm: float | None = None
    seen: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The retained word of a device about itself; the broker tells the offline one as its last will."""

    time: dt.datetime
    online: bool
    version: str = ""
    backlog: int = 0
    gps: GpsState = GpsState.NONE
    ports: Mapping[str, str] = field(default_factory=dict)
    fobs: Mapping[str, FobState] = field(default_factory=dict)
    battery_pct: float | None = None
    uptime_s: float | None = None

    def __post_init__(self) -> None:
        _require_zone(self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRef:
    """The device that a message came from, as its topic names it; `id` is None where the tenant has none of that name."""

    tenant_id: uuid.UUID
    name: str
    id: int | None = None
    kind: str = "tracker"


def quality_rank(fix: Fix, seq: int) -> tuple[float, ...]:
    """Order two contents for one device and time: mode, then HDOP, then the higher seq; everything else settles the rest."""
    more = (fix.alt_m, fix.speed_mps, fix.course_deg, fix.accuracy_m, fix.satellites, fix.odometer_m)
    told = (-math.inf if value is None else value for value in more)
    return (fix.mode, -ranked_hdop(fix), seq, fix.position.lat, fix.position.lon, *told)


def ranked_hdop(fix: Fix) -> float:
    """The HDOP where two fixes are ranked: an unknown one is the worst."""
    return UNKNOWN_HDOP if fix.hdop is None else fix.hdop


def accuracy_m(fix: Fix) -> float | None:
    """Horizontal accuracy in metres: what the device says, else a guess from HDOP."""
    if fix.accuracy_m is not None:
        return fix.accuracy_m
    return None if fix.hdop is None else fix.hdop * METRES_PER_HDOP


def _require_zone(time: dt.datetime) -> None:
    if time.tzinfo is None:
        raise NaiveTimeError(f"a time without a zone: {time.isoformat()}")

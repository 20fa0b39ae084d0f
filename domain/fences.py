"""Geofences: where they lie, when they are in force, and the rules that are watched there."""

import dataclasses
import datetime as dt
import math
import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from domain import errors, fence_shapes, schedules, telemetry

UTC_ZONE = "UTC"
LONGEST_S = 366 * 86_400.0
UNKNOWN_ACCURACY_M = 15.0
"""What a fix without any word on its accuracy is taken for."""


class FenceError(errors.DomainError):
    """A geofence that can't be meant."""

    code = "invalid_geofence"


class EventKind(StrEnum):
    """What happened at a geofence."""

    ENTERED = "entered"
    EXITED = "exited"
    DWELLED = "dwelled"
    CROSSED = "crossed"
    SPEEDING = "speeding"
    ABSENT = "absent"
    UNAUTHORISED = "unauthorised"


class Reason(StrEnum):
    """Why an event was believed."""

    DEEP = "deep"  #: one fix far beyond the edge
    COUNT = "count"  #: so many fixes clear of the edge
    TIME = "time"  #: on one side of the edge for so long
    SCHEDULE = "schedule"  #: the fence is in force no more
    EDITED = "edited"  #: somebody has changed the fence
    SEGMENT = "segment"  #: the way between two fixes leads through
    DWELL = "dwell"  #: the stay is as long as the rule says
    SPEED = "speed"  #: over the limit for as long as the rule says
    WINDOW = "window"  #: the hours are over and nobody was there
    GUARD = "guard"  #: the fence was guarded when the stay ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How sure an entry or exit must be, and what else is watched; None leaves a rule out.

    Raises:
        FenceError: a number out of its range.
    """

    confirmations: int = 3  #: fixes in a row
    confirm_s: float = 30.0
    band_least_m: float = 15.0
    band_most_m: float = 50.0
    dwell_s: float | None = None
    speed_limit_mps: float | None = None
    speed_least_s: float = 0.0
    absence: schedules.Schedule | None = None  #: hours in which somebody should be inside
    absence_grace_s: float = 600.0  #: what may come late after the hours
    guard: schedules.Schedule | None = None  #: hours in which what is parked must not leave
    guard_stay_s: float = 300.0  #: from this long a stay counts as parked
    crossings: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.confirmations <= 100:  # noqa: PLR2004 - more would never be seen
            raise FenceError(f"confirmations are 1 to 100, not {self.confirmations}")
        for name in ("confirm_s", "speed_least_s", "absence_grace_s", "guard_stay_s"):
            if not 0 <= getattr(self, name) <= LONGEST_S:
                raise FenceError(f"{name} is 0 to {LONGEST_S:.0f} s, not {getattr(self, name)}")
        if not (1.0 <= self.band_least_m <= self.band_most_m < math.inf):
            raise FenceError("the band's least is 1 m or more, and not more than its most")
        if self.dwell_s is not None and not 0 < self.dwell_s <= LONGEST_S:
            raise FenceError(f"dwell_s is more than 0, and at most {LONGEST_S:.0f} s, not {self.dwell_s}")
        if self.speed_limit_mps is not None and not 0 < self.speed_limit_mps < math.inf:
            raise FenceError(f"speed_limit_mps can't be {self.speed_limit_mps}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geofence:
    """An area that a tenant watches.

    Raises:
        FenceError: no name, or bounds the wrong way round.
        ScheduleError: it goes by the time of a zone that nobody knows.
    """

    id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    shape: fence_shapes.Shape
    kind: str = "zone"
    zone: str = UTC_ZONE  #: IANA name of the tenant's time zone
    floor_m: float | None = None
    ceiling_m: float | None = None
    schedule: schedules.Schedule | None = None  #: None: always in force
    valid_from: dt.date | None = None  #: local days, the last one included
    valid_until: dt.date | None = None
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise FenceError("a geofence has a name")
        if self.floor_m is not None and self.ceiling_m is not None and self.floor_m > self.ceiling_m:
            raise FenceError("the floor lies above the ceiling")
        if self.valid_from is not None and self.valid_until is not None and self.valid_from > self.valid_until:
            raise FenceError("it is valid until before it is valid from")
        if self.is_conditional or self.rules.absence is not None or self.rules.guard is not None:
            schedules.zone_named(self.zone)

    @property
    def is_conditional(self) -> bool:
        """Whether it is not in force at some times."""
        return self.schedule is not None or self.valid_from is not None or self.valid_until is not None

    def holds_as(self, other: "Geofence") -> bool:
        """Whether it holds the same places at the same times as another: they differ in nothing but names and rules."""
        bare = dataclasses.replace(other, name=self.name, kind=self.kind, rules=self.rules)
        return self == bare

    def is_in_force(self, time: dt.datetime) -> bool:
        """Whether it is watched at a moment; that can only change with a whole minute."""
        if self.valid_from is not None or self.valid_until is not None:
            day = time.astimezone(schedules.zone_named(self.zone)).date()
            if self.valid_from is not None and day < self.valid_from:
                return False
            if self.valid_until is not None and day > self.valid_until:
                return False
        return self.schedule is None or self.schedule.holds(time, tenant_zone=self.zone)

    def is_at_height(self, alt_m: float | None) -> bool:
        """Whether an altitude lies in the band; one that is not told does."""
        if alt_m is None:
            return True
        return (self.floor_m is None or alt_m >= self.floor_m) and (self.ceiling_m is None or alt_m <= self.ceiling_m)

    def band_m(self, accuracy_m: float | None) -> float:
        """Half of the width of the strip along the edge in which a fix of this accuracy says nothing for sure."""
        told_m = UNKNOWN_ACCURACY_M if accuracy_m is None else accuracy_m
        return min(max(told_m, self.rules.band_least_m), self.rules.band_most_m)


def accuracy_m(told_m: float | None, hdop: float | None) -> float | None:
    """The accuracy of a fix: what it tells, or else what its HDOP comes to."""
    if told_m is not None:
        return told_m
    return None if hdop is None else hdop * telemetry.METRES_PER_HDOP

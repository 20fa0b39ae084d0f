"""What can be wrong with a fix, and from which measure on.

A flagged fix is kept and shown on request, and left out of distance, fences and trips.
"""

import datetime as dt
from dataclasses import dataclass
from enum import IntFlag

from domain import telemetry

FUTURE_S = 300.0
"""A fix that is so much newer than its receipt comes from a clock that is wrong."""
FARTHEST_AHEAD_S = 86_400.0
"""No wrong time zone explains more: such a fix is rejected, since days that aren't there yet would be made for it."""
ZERO_ISLAND_DEG = 0.01
"""Receivers without a position tell latitude 0, longitude 0; about a kilometre of open sea."""
UNKNOWN_ACCURACY_M = 25.0
"""Stands for an accuracy that is not told, where a jump is judged."""
JUMP_ACCURACIES = 4.0
"""A jump is longer than so many accuracies: over a short time noise alone is faster than any vehicle."""


class FixFlag(IntFlag):
    """Bits of a fix's `quality`; none is a good fix."""

    INACCURATE = 1  # HDOP or accuracy over the limit
    ZERO_ISLAND = 2  # latitude and longitude next to nothing
    IMPOSSIBLE_DATE = 4  # before anything that the tenant may have
    FUTURE = 8  # newer than its first receipt by far: a fact of receipt
    JUMP = 16  # too far from the last good fix for the time between
    DRIFT = 32  # of a parked unit: noise around the place where it stands


GOOD = FixFlag(0)
OUTSIDE = FixFlag.IMPOSSIBLE_DATE | FixFlag.FUTURE
"""These have no place in the order of time: nothing is derived from them, and they make nothing late."""
BAD = FixFlag.INACCURATE | FixFlag.ZERO_ISLAND | FixFlag.JUMP | OUTSIDE
"""All but DRIFT, whose fix is as true as that it stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a tenant takes for possible of a kind of device; the defaults are a vehicle's."""

    max_speed_mps: float = 70.0  #: 250 km/h
    max_hdop: float = 10.0
    max_accuracy_m: float = 150.0
    drift_radius_m: float = 50.0  #: noise stays within it; a way is counted when it leads out of it
    park_after_s: float = 180.0
    floor: dt.datetime = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)  #: a week that rolled over lands 19.6 years in the past


DEFAULTS = {
    "gateway": Thresholds(),
    "tracker": Thresholds(),
    # People walk, and carry their phones on trains and ferries.
    "phone": Thresholds(max_speed_mps=100.0, max_accuracy_m=200.0, drift_radius_m=25.0),
}
"""By the kind of device, where the tenant has set nothing."""


def own_flags(fix: telemetry.Fix, *, received_at: dt.datetime, limits: Thresholds) -> FixFlag:
    """What is wrong with a fix by itself, whatever its neighbours."""
    flags = GOOD
    if (fix.hdop or 0.0) > limits.max_hdop or (fix.accuracy_m or 0.0) > limits.max_accuracy_m:
        flags |= FixFlag.INACCURATE
    if max(abs(fix.position.lat), abs(fix.position.lon)) < ZERO_ISLAND_DEG:
        flags |= FixFlag.ZERO_ISLAND
    if fix.time < limits.floor:
        flags |= FixFlag.IMPOSSIBLE_DATE
    if (fix.time - received_at).total_seconds() > FUTURE_S:
        flags |= FixFlag.FUTURE
    return flags


def reasons(quality: int) -> tuple[str, ...]:
    """The words of a fix's flags.

    >>> reasons(17)
    ('inaccurate', 'jump')
    """
    return tuple((flag.name or "").lower() for flag in FixFlag if quality & flag)


def is_jump(gap_m: float, elapsed_s: float, accuracy_m: float | None, limits: Thresholds) -> bool:
    """Whether nothing can have come so far in that time, noise allowed for."""
    noise_m = JUMP_ACCURACIES * (UNKNOWN_ACCURACY_M if accuracy_m is None else accuracy_m)
    return gap_m > limits.max_speed_mps * elapsed_s and gap_m > max(limits.drift_radius_m, noise_m)

"""What happens between two fixes of one device: distance on the ellipsoid, moving or idle, and the hour it counts for.

A pure function of the ordered fixes, so that late data comes to what ordered arrival would have given.
"""

import datetime as dt
from dataclasses import dataclass

from domain import geo, telemetry

MOVING_SPEED_MPS = 1.0
"""From this speed on a unit moves; receivers at rest wander at a few tenths."""
LONGEST_GAP_S = 300.0
"""Over a longer silence nobody knows whether the unit moved: its seconds count for neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """From one fix to the next; it belongs to the hour of the later one."""

    distance_m: float
    moving: bool
    moving_s: float
    idle_s: float


def leg(before: telemetry.Fix | None, fix: telemetry.Fix) -> Leg:
    """Measure the way to `fix` from the one before it, None for a device's first."""
    if before is None:
        return Leg(distance_m=0.0, moving=(fix.speed_mps or 0.0) >= MOVING_SPEED_MPS, moving_s=0.0, idle_s=0.0)
    distance_m = geo.geodesic_m(before.position, fix.position)
    elapsed_s = (fix.time - before.time).total_seconds()
    speed_mps = fix.speed_mps if fix.speed_mps is not None else distance_m / elapsed_s
    moving = speed_mps >= MOVING_SPEED_MPS
    counted_s = elapsed_s if elapsed_s <= LONGEST_GAP_S else 0.0
    return Leg(
        distance_m=distance_m,
        moving=moving,
        moving_s=counted_s if moving else 0.0,
        idle_s=0.0 if moving else counted_s,
    )


def hour_of(time: dt.datetime) -> dt.datetime:
    """The UTC hour that a fix counts for."""
    return time.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)

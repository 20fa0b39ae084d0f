"""Which fix is worth sending after the last one that was: by time, way, course and speed."""

from dataclasses import dataclass
from enum import StrEnum

from domain import geo, telemetry
from gateway.settings_table import Table

LONGEST_INTERVAL_S = 86_400.0
ALERT_INTERVAL_S = 1.0
"""While an alert is open somebody is looking for the vehicle."""

_SLACK_S = 0.05  # stamps of a 1 Hz receiver are not exactly a second apart
_STEERING_MPS = 2.0  # slower, a course is noise
_MOST_M, _MOST_DEG, _MOST_MPS = 100_000.0, 180.0, 100.0


class Reason(StrEnum):
    """Why a fix is sent."""

    FIRST = "first"
    EVERY = "every"
    CLOCK = "clock"  # its time lies before the last one's: a receiver's correction
    TIME = "time"
    DISTANCE = "distance"
    TURN = "turn"
    SPEED = "speed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When the next fix is due; a rule of 0 is off, and an interval of 0 sends every fix."""

    interval_s: float = 0.0
    heartbeat_s: float = 0.0  #: instead of the interval while the vehicle rests
    distance_m: float = 0.0
    turn_deg: float = 0.0
    speed_mps: float = 0.0  #: a change by so much


EVERY_FIX = Rules()
SPARING = Rules(interval_s=10.0, heartbeat_s=60.0, distance_m=100.0, turn_deg=20.0, speed_mps=3.0)
"""What a table `[reporting]` means where it leaves a key out."""


def read(table: Table | None, simple: Rules) -> Rules:
    """The rules of a table `[reporting]`; without one the `simple` ones, an interval alone.

    Raises:
        SettingError: it names the key.
    """
    if table is None:
        return simple
    return Rules(
        interval_s=table.number("interval_s", 0.0, LONGEST_INTERVAL_S, simple.interval_s or SPARING.interval_s),
        heartbeat_s=table.number("heartbeat_s", 0.0, LONGEST_INTERVAL_S, SPARING.heartbeat_s),
        distance_m=table.number("distance_m", 0.0, _MOST_M, SPARING.distance_m),
        turn_deg=table.number("turn_deg", 0.0, _MOST_DEG, SPARING.turn_deg),
        speed_mps=table.number("speed_mps", 0.0, _MOST_MPS, SPARING.speed_mps),
    )


def due(last: telemetry.Fix | None, fix: telemetry.Fix, rules: Rules, *, in_alert: bool) -> Reason | None:
    """Why this fix is to be sent after the `last` one that was; None: it is not."""
    if last is None:
        return Reason.FIRST
    if rules.interval_s <= 0.0:
        return Reason.EVERY
    elapsed_s = (fix.time - last.time).total_seconds()
    if elapsed_s <= -_SLACK_S:
        return Reason.CLOCK
    if elapsed_s >= _wait_s(last, fix, rules, in_alert=in_alert) - _SLACK_S:
        return Reason.TIME
    return _change(last, fix, rules)


def _change(last: telemetry.Fix, fix: telemetry.Fix, rules: Rules) -> Reason | None:
    if 0.0 < rules.distance_m <= geo.haversine_m(last.position, fix.position):
        return Reason.DISTANCE
    if 0.0 < rules.speed_mps <= _speed_change_mps(last, fix):
        return Reason.SPEED
    if 0.0 < rules.turn_deg <= _turn_deg(last, fix):
        return Reason.TURN
    return None


def _wait_s(last: telemetry.Fix, fix: telemetry.Fix, rules: Rules, *, in_alert: bool) -> float:
    if in_alert:
        return min(rules.interval_s, ALERT_INTERVAL_S)
    if rules.heartbeat_s > 0.0 and _rests(last) and _rests(fix):
        return max(rules.interval_s, rules.heartbeat_s)
    return rules.interval_s


def _rests(fix: telemetry.Fix) -> bool:
    return fix.speed_mps is not None and fix.speed_mps < telemetry.WANDERING_MPS


def _speed_change_mps(last: telemetry.Fix, fix: telemetry.Fix) -> float:
    if last.speed_mps is None or fix.speed_mps is None:
        return 0.0
    return abs(fix.speed_mps - last.speed_mps)


def _turn_deg(last: telemetry.Fix, fix: telemetry.Fix) -> float:
    if last.course_deg is None or fix.course_deg is None or not (_steers(last) and _steers(fix)):
        return 0.0
    return geo.turn_deg(last.course_deg, fix.course_deg)


def _steers(fix: telemetry.Fix) -> bool:
    return fix.speed_mps is not None and fix.speed_mps >= _STEERING_MPS

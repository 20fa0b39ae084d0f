import dataclasses
import datetime as dt
import itertools
import math

import hypothesis
import pytest
from hypothesis import strategies

from domain import geo, telemetry
from gateway import reporting, reporting_rules
from gateway.reporting_rules import Reason, Rules

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
METRES_PER_DEG = 111_195.0
SPARING = reporting_rules.SPARING


def fix_at(
    second: float, *, east_m: float = 0.0, north_m: float = 0.0, speed: float | None = None, course: float | None = None
) -> telemetry.Fix:
    return telemetry.Fix(
        time=NOW + dt.timedelta(seconds=second),
        position=geo.Position(north_m / METRES_PER_DEG, east_m / METRES_PER_DEG),
        speed_mps=speed,
        course_deg=course,
    )


def sent(rules: Rules, fixes: list[telemetry.Fix], *, in_alert: bool = False) -> list[telemetry.Fix]:
    reports = reporting.Reporting(rules)
    return [picked for fix in fixes for picked in reports.pick(fix, in_alert=in_alert)]


@pytest.mark.parametrize(
    ("interval_s", "seconds", "expected"),
    [
        (0.0, [0.0, 0.1, 0.2], [0.0, 0.1, 0.2]),
        (5.0, [0.0, 1.0, 4.0, 4.96, 6.0, 9.97], [0.0, 4.96, 9.97]),
        (5.0, [100.0, 0.0, 1.0, 5.0], [100.0, 0.0, 5.0]),
    ],
    ids=["every fix", "one in five seconds", "a clock that went back"],
)
def test_fixes_are_picked_by_their_own_times(interval_s: float, seconds: list[float], expected: list[float]) -> None:
    picked = sent(Rules(interval_s=interval_s), [fix_at(second) for second in seconds])

    assert [fix.time for fix in picked] == [fix_at(second).time for second in expected]


@pytest.mark.parametrize(
    ("last", "fix", "expected"),
    [
        (None, fix_at(0), Reason.FIRST),
        (fix_at(0), fix_at(9), None),
        (fix_at(0), fix_at(10), Reason.TIME),
        (fix_at(0, speed=0.1), fix_at(10, speed=0.2), None),
        (fix_at(0, speed=0.1), fix_at(60, speed=0.2), Reason.TIME),
        (fix_at(0, speed=0.1), fix_at(10, speed=2.0), Reason.TIME),
        (fix_at(0), fix_at(1, east_m=99), None),
        (fix_at(0), fix_at(1, east_m=101), Reason.DISTANCE),
        (fix_at(0, speed=10), fix_at(1, speed=13), Reason.SPEED),
        (fix_at(0, speed=10), fix_at(1, speed=12.9), None),
        (fix_at(0, speed=10, course=350), fix_at(1, speed=10, course=11), Reason.TURN),
        (fix_at(0, speed=10, course=350), fix_at(1, speed=10, course=9), None),
        (fix_at(0, speed=1, course=0), fix_at(1, speed=1, course=90), None),
        (fix_at(0, speed=10, course=0), fix_at(1, speed=10), None),
        (fix_at(9), fix_at(0), Reason.CLOCK),
    ],
)
def test_each_rule_has_its_reason(last: telemetry.Fix | None, fix: telemetry.Fix, expected: Reason | None) -> None:
    assert reporting_rules.due(last, fix, SPARING, in_alert=False) == expected


def test_while_an_alert_is_open_a_fix_goes_each_second_even_of_a_parked_vehicle() -> None:
    parked = [fix_at(second / 10, speed=0.0) for second in range(31)]

    assert [fix.time for fix in sent(SPARING, parked, in_alert=True)] == [fix_at(second).time for second in range(4)]
    assert len(sent(SPARING, parked)) == 1
    assert len(sent(Rules(), parked, in_alert=True)) == 31


def test_a_bend_is_sent_with_the_fix_before_it() -> None:
    straight = [fix_at(second, east_m=10 * second, speed=10, course=90) for second in range(4)]
    around = fix_at(4, east_m=30, north_m=10, speed=10, course=0)

    assert sent(SPARING, [*straight, around]) == [straight[0], straight[3], around]


def test_the_newest_is_sent_once_on_demand() -> None:
    reports = reporting.Reporting(SPARING)
    first, second = fix_at(0), fix_at(1)
    reports.pick(first, in_alert=False)
    assert reports.newest() is None
    reports.pick(second, in_alert=False)

    assert reports.newest() == second
    assert reports.newest() is None


@strategies.composite
def drives(draw: strategies.DrawFn) -> list[telemetry.Fix]:
    """A vehicle that speeds up, brakes and turns as it likes, with fixes at 1 to 10 Hz."""
    step_s = draw(strategies.sampled_from([0.1, 0.2, 0.5, 1.0]))
    moves = draw(
        strategies.lists(
            strategies.tuples(strategies.floats(0, 40), strategies.floats(-90, 90), strategies.integers(1, 20)),
            max_size=12,
        )
    )
    east = north = course = second = 0.0
    fixes = []
    for speed, turn, steps in moves:
        for _ in range(steps):
            course = (course + turn * step_s) % 360
            east += speed * step_s * math.sin(math.radians(course))
            north += speed * step_s * math.cos(math.radians(course))
            second += step_s
            fixes.append(fix_at(second, east_m=east, north_m=north, speed=speed, course=course))
    return fixes


def off_path_m(fix: telemetry.Fix, path: list[telemetry.Fix]) -> float:
    legs = zip(path, path[1:] or path, strict=False)
    return min(_from_leg_m(_plane(fix), _plane(a), _plane(b)) for a, b in legs)


def _plane(fix: telemetry.Fix) -> complex:
    return complex(fix.position.lon, fix.position.lat) * METRES_PER_DEG


def _from_leg_m(point: complex, a: complex, b: complex) -> float:
    along = b - a
    if abs(along) < 1e-6:
        return abs(point - a)
    part = ((point - a) * along.conjugate()).real / abs(along) ** 2
    return abs(point - a - min(1.0, max(0.0, part)) * along)


@hypothesis.given(drives())
def test_the_path_that_is_sent_stays_within_the_distance_rule_of_the_one_driven(fixes: list[telemetry.Fix]) -> None:
    rules = dataclasses.replace(SPARING, distance_m=50.0)
    path = sent(rules, fixes)

    # A millimetre more: the rule goes over the sphere, the test over a plane.
    assert all(off_path_m(fix, path) <= rules.distance_m + 1e-3 for fix in fixes)
    assert path == sorted(path, key=lambda fix: fix.time)
    assert set(path) <= set(fixes)


@hypothesis.given(drives())
def test_no_silence_is_longer_than_the_interval_or_the_heartbeat(fixes: list[telemetry.Fix]) -> None:
    path = sent(SPARING, fixes)

    gaps_s = [(after.time - before.time).total_seconds() for before, after in itertools.pairwise(path)]
    assert all(gap_s <= SPARING.heartbeat_s + 1.0 for gap_s in gaps_s)
    moving = [fix for fix in fixes if fix.speed_mps and fix.speed_mps >= 0.5]
    if len(moving) == len(fixes):
        assert all(gap_s <= SPARING.interval_s + 1.0 for gap_s in gaps_s)

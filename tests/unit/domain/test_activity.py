import datetime as dt

import pytest

from domain import activity, geo, telemetry

START = dt.datetime(2026, 3, 1, 11, 59, 50, tzinfo=dt.UTC)
HERE, THERE = geo.Position(60.17, 24.94), geo.Position(60.18, 24.94)


def fix(at_s: float, position: geo.Position = HERE, speed_mps: float | None = None) -> telemetry.Fix:
    return telemetry.Fix(time=START + dt.timedelta(seconds=at_s), position=position, speed_mps=speed_mps)


def test_the_first_fix_of_a_device_has_no_way_behind_it() -> None:
    leg = activity.leg(None, fix(0, speed_mps=9.0))

    assert leg == activity.Leg(distance_m=0.0, moving=True, moving_s=0.0, idle_s=0.0)


def test_the_devices_own_speed_decides_whether_it_moves() -> None:
    idle = activity.leg(fix(0), fix(10, THERE, speed_mps=0.2))
    moving = activity.leg(fix(0), fix(10, HERE, speed_mps=activity.MOVING_SPEED_MPS))

    assert (idle.moving, idle.moving_s, idle.idle_s) == (False, 0.0, 10.0)
    assert (moving.moving, moving.moving_s, moving.idle_s) == (True, 10.0, 0.0)


def test_without_a_speed_the_displacement_decides() -> None:
    assert activity.leg(fix(0), fix(10, THERE)).moving
    assert not activity.leg(fix(0), fix(10)).moving


def test_the_distance_is_the_geodesic() -> None:
    assert activity.leg(fix(0), fix(10, THERE)).distance_m == geo.geodesic_m(HERE, THERE)


@pytest.mark.parametrize(
    ("gap_s", "counted_s"), [(activity.LONGEST_GAP_S, activity.LONGEST_GAP_S), (activity.LONGEST_GAP_S + 1, 0.0)]
)
def test_a_long_silence_counts_for_neither_moving_nor_idle(gap_s: float, counted_s: float) -> None:
    leg = activity.leg(fix(0), fix(gap_s))

    assert leg.idle_s + leg.moving_s == counted_s


def test_a_leg_belongs_to_the_utc_hour_of_its_later_fix() -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))

    assert activity.hour_of(START) == dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)
    assert activity.hour_of(START.astimezone(zone)) == dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)

import datetime as dt

from domain import telemetry
from gateway import instants, press_clock

FLOOR = dt.date(2024, 1, 1)
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
UNSET = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def test_the_receivers_time_is_carried_forward() -> None:
    clock = press_clock.PressClock(FLOOR)
    clock.saw(NOW, mono_s=100.0)

    assert clock.stamp(instants.Instant(UNSET, 103.5)) == (NOW + dt.timedelta(seconds=3.5), telemetry.Clock.GPS)


def test_without_a_recent_fix_the_boxs_own_clock_counts_if_it_is_set() -> None:
    clock = press_clock.PressClock(FLOOR)
    clock.saw(NOW, mono_s=100.0)

    assert clock.stamp(instants.Instant(NOW, 100.0 + press_clock.GPS_HOLDS_S + 1)) == (NOW, telemetry.Clock.NTP)
    assert press_clock.PressClock(FLOOR).stamp(instants.Instant(UNSET, 1.0)) == (UNSET, telemetry.Clock.UNSET)


def test_a_receiver_with_an_impossible_date_is_not_believed() -> None:
    clock = press_clock.PressClock(FLOOR)
    clock.saw(dt.datetime(2006, 7, 16, tzinfo=dt.UTC), mono_s=1.0)

    assert clock.stamp(instants.Instant(NOW, 2.0))[1] is telemetry.Clock.NTP

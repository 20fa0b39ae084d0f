import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import schedules

HELSINKI = "Europe/Helsinki"
NIGHT = schedules.Schedule(start=dt.time(22), end=dt.time(6), days=frozenset({5}))  # from Friday on


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (utc(6, 19, 59), False),  # Friday 21:59 in Helsinki
        (utc(6, 20), True),
        (utc(7, 3, 59), True),  # Saturday 05:59
        (utc(7, 4), False),
        (utc(7, 20), False),  # Saturday night begins on a day that isn't named
        (utc(6, 3), False),  # Friday morning belongs to Thursday night
    ],
)
def test_hours_past_midnight_belong_to_the_day_on_which_they_begin(moment: dt.datetime, *, holds: bool) -> None:
    assert NIGHT.holds(moment, tenant_zone=HELSINKI) is holds


def test_a_zone_of_its_own_goes_before_the_tenants() -> None:
    at_noon = schedules.Schedule(start=dt.time(12), end=dt.time(13), zone="America/New_York")

    assert at_noon.holds(utc(2, 17, 30), tenant_zone=HELSINKI)
    assert not at_noon.holds(utc(2, 10, 30), tenant_zone=HELSINKI)


def test_equal_hours_are_the_whole_day() -> None:
    whole = schedules.Schedule(start=dt.time(0), end=dt.time(0), days=frozenset({1}))

    assert whole.holds(utc(2, 0), tenant_zone="UTC")
    assert whole.holds(utc(2, 23, 59), tenant_zone="UTC")
    assert not whole.holds(utc(3, 0), tenant_zone="UTC")


def test_windows_are_told_when_they_have_ended() -> None:
    found = list(NIGHT.windows_ended(after=utc(7, 4), until=utc(14, 4), tenant_zone=HELSINKI))

    assert found == [(utc(13, 20), utc(14, 4))]


def test_a_window_over_the_change_to_summer_time_is_an_hour_shorter() -> None:
    saturday = schedules.Schedule(start=dt.time(22), end=dt.time(6), days=frozenset({6}))

    [(begins, ends)] = saturday.windows_ended(after=utc(28, 12), until=utc(29, 12), tenant_zone=HELSINKI)

    assert ends - begins == dt.timedelta(hours=7)


def test_hours_that_end_where_clocks_are_put_back_go_on_to_the_last_of_the_two() -> None:
    saturday = schedules.Schedule(start=dt.time(22), end=dt.time(3, 30), days=frozenset({6}))
    begin, end = utc(24, 19, month=10), utc(25, 1, 30, month=10)  # 03:30 comes at 00:30 and at 01:30 UTC

    assert [*saturday.windows_ended(after=begin, until=end, tenant_zone=HELSINKI)] == [(begin, end)]


@given(
    hours=st.builds(
        schedules.Schedule,
        start=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
        end=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
        days=st.frozensets(st.integers(1, 7), min_size=1),
        zone=st.sampled_from([HELSINKI, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    ),
    moment=st.integers(0, 350 * 24 * 60).map(lambda minute: utc(5, 0, month=1) + dt.timedelta(minutes=minute)),
)
def test_a_moment_lies_in_the_hours_that_end_later(hours: schedules.Schedule, moment: dt.datetime) -> None:
    around = dt.timedelta(days=2)

    windows = list(hours.windows_ended(after=moment, until=moment + around, tenant_zone="UTC"))

    assert hours.holds(moment, tenant_zone="UTC") is any(begin <= moment < end for begin, end in windows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": frozenset()},
        {"days": frozenset({0})},
        {"zone": "Atlantis/Capital"},
        {"zone": "../etc/passwd"},
        {"start": dt.time(8, 0, 30)},
        {"start": dt.time(8, tzinfo=dt.UTC)},
    ],
)
def test_hours_that_no_week_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(schedules.ScheduleError):
        schedules.Schedule(**{"start": dt.time(8), "end": dt.time(9), **wrong})  # type: ignore[arg-type]

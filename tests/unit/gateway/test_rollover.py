import datetime as dt

import pytest

from domain import geo, telemetry
from gateway import rollover

FLOOR = dt.date(2024, 1, 1)
NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
CYCLE = dt.timedelta(weeks=1024)


def corrected(time: dt.datetime, now: dt.datetime = NOW, floor: dt.date | None = FLOOR) -> dt.datetime:
    fix = telemetry.Fix(time=time, position=geo.Position(1.0, 2.0))
    return rollover.corrected(fix, floor=floor, now=now).time


@pytest.mark.parametrize("cycles", [1, 2])
def test_a_date_whole_cycles_ago_becomes_today(cycles: int) -> None:
    assert corrected(NOW - cycles * CYCLE) == NOW


def test_a_possible_date_is_left_alone() -> None:
    floor = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)

    assert corrected(NOW) == NOW
    assert corrected(floor) == floor


def test_an_impossible_date_that_would_land_in_the_future_is_left_alone() -> None:
    assert corrected(dt.datetime(2015, 6, 19, tzinfo=dt.UTC)) == dt.datetime(2015, 6, 19, tzinfo=dt.UTC)


def test_a_clock_that_is_not_set_bounds_nothing() -> None:
    unset = dt.datetime(1970, 1, 1, 0, 1, tzinfo=dt.UTC)

    assert corrected(NOW - CYCLE, now=unset) == NOW


def test_without_a_floor_nothing_is_corrected() -> None:
    assert corrected(NOW - CYCLE, floor=None) == NOW - CYCLE


def test_the_day_just_before_the_floor_needs_a_whole_cycle() -> None:
    before = dt.datetime(2023, 12, 31, 23, 59, tzinfo=dt.UTC)

    assert corrected(before, now=before + CYCLE) == before + CYCLE

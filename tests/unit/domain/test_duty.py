import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain import duty
from ingest import duty_filter

_TIMES = st.integers(0, 40)


def periods() -> st.SearchStrategy[duty.Period]:
    ends = st.one_of(st.integers(1, 15), st.none())
    return st.builds(
        lambda since, length: duty.Period(
            since_us=since, until_us=duty.ALWAYS_US if length is None else since + length
        ),
        _TIMES,
        ends,
    )


HELD = st.lists(st.builds(duty.Held, during=periods(), duty=st.lists(periods(), max_size=3)), max_size=4)


@given(HELD)
def test_the_periods_hold_exactly_the_times_that_are_not_kept(held: list[duty.Held]) -> None:
    periods_off = duty.off_duty(held)

    for time_us in range(-1, 60):
        is_off = any(period.covers(time_us) for period in periods_off)
        assert is_off == (not duty.is_kept(time_us, held))
    bounds = [bound for period in periods_off for bound in (period.since_us, period.until_us)]
    assert bounds == sorted(set(bounds))


@given(st.dictionaries(st.integers(1, 3), HELD), st.lists(st.tuples(st.integers(1, 4), st.integers(-1, 60))))
def test_whole_batches_are_judged_like_each_of_their_fixes(
    held: dict[int, list[duty.Held]], fixes: list[tuple[int, int]]
) -> None:
    device_ids = np.array([device_id for device_id, _ in fixes], np.int32)
    times_us = np.array([time_us for _, time_us in fixes], np.int64)

    found = duty_filter.off_duty(device_ids, times_us, held)

    assert found.tolist() == [not duty.is_kept(time_us, held.get(device_id, [])) for device_id, time_us in fixes]


def test_a_device_that_nobody_has_is_always_kept() -> None:
    assert duty.is_kept(5, [])
    assert duty.off_duty([]) == []


def test_one_of_a_crew_on_duty_is_enough() -> None:
    always = duty.Period(since_us=0)
    crew = [duty.Held(during=always, duty=[]), duty.Held(during=always, duty=[duty.Period(since_us=3, until_us=5)])]

    assert [duty.is_kept(time_us, crew) for time_us in (2, 3, 4, 5)] == [False, True, True, False]

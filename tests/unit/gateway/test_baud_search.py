import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import baud_search


def searched(search: baud_search.BaudSearch, true_rate: int | None, *, start_s: float, seconds: int) -> None:
    """A receiver that speaks once a second; at another rate than its own its bytes are noise. None: it is silent."""
    for second in range(seconds):
        right = search.rate == true_rate
        came = 0 if true_rate is None else 400
        search.judge(came_bytes=came, good=5 if right else 0, mono_s=start_s + second)


@given(st.sampled_from(baud_search.RATES), st.sampled_from([None, *baud_search.RATES]))
def test_every_usual_rate_is_found_within_half_a_minute_and_kept(true_rate: int, remembered: int | None) -> None:
    search = baud_search.BaudSearch(remembered)

    searched(search, true_rate, start_s=0.0, seconds=40)

    assert (search.rate, search.is_found) == (true_rate, True)


@pytest.mark.parametrize("seconds", [20, 10_000])
def test_silence_never_moves_a_rate_that_was_right(seconds: int) -> None:
    search = baud_search.BaudSearch()
    searched(search, 115_200, start_s=0.0, seconds=40)

    searched(search, None, start_s=40.0, seconds=seconds)

    assert (search.rate, search.is_found) == (115_200, True)


def test_silence_never_moves_the_rate_of_last_time() -> None:
    search = baud_search.BaudSearch(115_200)

    searched(search, None, start_s=0.0, seconds=10_000)

    assert (search.rate, search.is_found) == (115_200, True)


def test_garbage_begins_the_search_again() -> None:
    search = baud_search.BaudSearch()
    searched(search, 115_200, start_s=0.0, seconds=40)

    searched(search, 4_800, start_s=40.0, seconds=60)

    assert (search.rate, search.is_found) == (4_800, True)


def test_a_few_bytes_of_noise_are_no_reason_to_leave_a_rate() -> None:
    search = baud_search.BaudSearch()
    searched(search, 9_600, start_s=0.0, seconds=3)

    moved = [search.judge(came_bytes=1, good=0, mono_s=3.0 + second) for second in range(7_200)]

    assert not any(moved)

import datetime as dt
import itertools

import hypothesis
from hypothesis import strategies as st

from domain import geo, telemetry
from gateway import thinning

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def fix(second: int, speed_mps: float | None, course_deg: float | None) -> telemetry.Fix:
    return telemetry.Fix(
        time=NOW + dt.timedelta(seconds=second),
        position=geo.Position(48.5, 2.25),
        speed_mps=speed_mps,
        course_deg=course_deg,
    )


ways = st.lists(
    st.tuples(st.sampled_from([None, 0.0, 0.4, 0.5, 9.0]), st.sampled_from([None, 0.0, 15.0, 90.0, 270.0, 350.0])),
    max_size=80,
).map(lambda steps: [fix(second, *step) for second, step in enumerate(steps)])


@hypothesis.given(ways)
def test_turns_stops_ends_and_every_other_neighbour_stay(way: list[telemetry.Fix]) -> None:
    dropped = thinning.dispensable(way)

    assert dropped == sorted(set(dropped))
    assert not {0, len(way) - 1} & set(dropped)
    assert not any(place + 1 in dropped for place in dropped)
    assert not any(thinning.is_landmark(way[place - 1], way[place], way[place + 1]) for place in dropped)


@hypothesis.given(ways)
def test_of_each_stretch_on_which_nothing_happens_half_goes(way: list[telemetry.Fix]) -> None:
    dropped = set(thinning.dispensable(way))
    places = range(1, len(way) - 1)
    for is_landmark, stretch in itertools.groupby(
        places, lambda place: thinning.is_landmark(*way[place - 1 : place + 2])
    ):
        plain = list(stretch)
        if not is_landmark:
            assert len(plain) // 2 <= len(dropped & set(plain)) <= len(plain) // 2 + 1


def test_a_straight_way_is_halved() -> None:
    assert thinning.dispensable([fix(second, 9.0, 90.0) for second in range(9)]) == [2, 4, 6]


def test_a_turn_and_a_stop_stay_with_what_stands_beside_them() -> None:
    speeds_and_courses = [(9.0, 90.0)] * 5 + [(9.0, 180.0)] * 5 + [(0.0, None)] * 6
    way = [fix(second, *each) for second, each in enumerate(speeds_and_courses)]

    kept = set(range(len(way))) - set(thinning.dispensable(way))

    assert {4, 5, 9, 10} <= kept
    assert len(kept) < len(way)


def test_a_course_at_rest_is_no_turn_and_north_is_crossed_without_one() -> None:
    assert not thinning.is_landmark(fix(0, 0.1, 10.0), fix(1, 0.1, 200.0), fix(2, 0.1, 90.0))
    assert not thinning.is_landmark(fix(0, 9.0, 355.0), fix(1, 9.0, 5.0), fix(2, 9.0, 10.0))

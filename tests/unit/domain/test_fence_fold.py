import datetime as dt
import itertools
import json
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import fence_fold, fence_shapes, fence_states, fences, geo, schedules

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)  # a Monday
METRE_DEG = 1 / 111_319.49
DEVICE = 7


@dataclass(frozen=True)
class Half:
    """All that lies north of the equator: a latitude in metres is the depth."""

    def depth_m(self, position: geo.Position) -> float:
        return position.lat / METRE_DEG

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        return a.lat < 0 and b.lat < 0 and (a.lon < 0) != (b.lon < 0)


def fence(**more: Any) -> fences.Geofence:
    told = {name: more.pop(name) for name in list(more) if name in fences.Rules.__dataclass_fields__}
    rules = {"band_least_m": 5.0} | told
    shape = fence_shapes.Circle(centre=geo.Position(0.0, 0.0), radius_m=100.0)
    given_ = {"id": uuid.UUID(int=5), "tenant_id": uuid.UUID(int=1), "name": "yard", "shape": shape}
    return fences.Geofence(**{**given_, **more}, rules=fences.Rules(**rules))


def at(second: float, depth_m: float, accuracy_m: float | None = 10.0, **more: Any) -> fence_fold.Observation:
    position = geo.Position(depth_m * METRE_DEG, more.pop("lon", 24.0))
    return fence_fold.Observation(
        time=NOON + dt.timedelta(seconds=second), position=position, accuracy_m=accuracy_m, **more
    )


def fold(
    track: Iterable[fence_fold.Observation], of: fences.Geofence | None = None, stays: fence_states.Stays | None = None
) -> tuple[fence_states.Stays, list[fence_fold.FenceEvent]]:
    watched = [fence_fold.Watched(fence=of or fence(), outline=Half())]
    now, before = stays or fence_states.NO_STAYS, None
    told: list[fence_fold.FenceEvent] = []
    for seen in track:
        now, events = fence_fold.step(now, before, seen, watched, device_id=DEVICE)
        told += events
        before = seen
    return now, told


def words(events: Sequence[fence_fold.FenceEvent]) -> list[tuple[str, str, float]]:
    return [(event.kind.value, event.reason.value, (event.time - NOON).total_seconds()) for event in events]


def test_each_phase_knows_an_answer_to_each_sight() -> None:
    assert {(phase, sight) for phase, row in fence_states.MOVES.items() for sight in row} == set(
        itertools.product(fence_states.Phase, fence_states.Sight)
    )


def test_one_fix_far_inside_enters_at_once_and_one_far_outside_leaves() -> None:
    _, events = fold([at(0, -200), at(10, 200), at(20, -200)])

    assert words(events) == [("entered", "deep", 10), ("exited", "deep", 20)]
    assert events[0].visit_id == events[1].visit_id is not None


def test_a_run_that_confirms_dates_the_entry_to_its_first_fix() -> None:
    _, events = fold([at(0, -40), at(1, 12), at(2, 13), at(3, 14)])

    assert words(events) == [("entered", "count", 1)]
    assert (events[0].decided_at - NOON).total_seconds() == 3
    assert events[0].lat == pytest.approx(12 * METRE_DEG)


def test_a_run_is_broken_by_one_fix_on_the_other_side() -> None:
    stays, events = fold([at(0, 12), at(1, 12), at(2, -1), at(3, 12), at(4, 12)])

    assert events == []
    assert stays[uuid.UUID(int=5)].run_fixes == 2


def test_standing_close_to_the_edge_enters_by_time() -> None:
    _, events = fold([at(0, 3), at(14, 2), at(29, 4), at(31, 3)])

    assert words(events) == [("entered", "time", 0)]


def test_the_way_out_needs_a_band_more_than_the_way_in() -> None:
    stays, events = fold([at(0, 50), *(at(10 + n, -9) for n in range(100))])

    assert words(events) == [("entered", "deep", 0)]
    assert stays[uuid.UUID(int=5)].phase is fence_states.Phase.IN


def test_leaving_by_count_is_dated_to_the_first_fix_clear_outside() -> None:
    _, events = fold([at(0, 50), at(1, -5), at(2, -12), at(3, -15), at(4, -18)])

    assert words(events)[1] == ("exited", "count", 2)


def test_two_clear_fixes_half_a_minute_apart_are_enough() -> None:
    _, events = fold([at(0, 50), at(60, -12), at(120, -12)])

    assert words(events)[1] == ("exited", "time", 60)


@pytest.mark.parametrize(("accuracy_m", "entered"), [(1.0, True), (16.0, False), (500.0, False), (None, True)])
def test_the_band_is_the_accuracy_within_bounds(accuracy_m: float | None, *, entered: bool) -> None:
    _, events = fold([at(n, 15.0, accuracy_m) for n in range(3)])

    assert bool(events) is entered


def test_parked_beside_the_edge_with_noise_for_eight_hours_is_one_visit() -> None:
    # 15 m as receivers tell it: two fixes of three lie within.
    for seed, period_s in itertools.product(range(3), (5, 30)):
        noise = random.Random(seed)
        parked = [at(n * period_s, noise.gauss(10, 9.93), 15.0) for n in range(8 * 3600 // period_s)]

        _, events = fold([at(-60, -300), *parked, at(9 * 3600, -300)])

        assert [event.kind.value for event in events] == ["entered", "exited"], (seed, period_s)


def test_a_stay_dwells_once() -> None:
    _, events = fold([at(n * 60, 100) for n in range(10)], fence(dwell_s=300.0))

    assert words(events) == [("entered", "deep", 0), ("dwelled", "dwell", 300)]
    assert events[0].visit_id == events[1].visit_id


def test_each_excess_of_speed_is_told_once() -> None:
    speeds = [10, 20, 20, 20, 20, 10, 20, 20, 20]
    track = [at(n * 5, 100, speed_mps=float(speed)) for n, speed in enumerate(speeds)]

    _, events = fold(track, fence(speed_limit_mps=13.9, speed_least_s=10.0))

    assert words(events)[1:] == [("speeding", "speed", 5), ("speeding", "speed", 30)]


def test_a_fix_without_a_speed_says_nothing_about_an_excess() -> None:
    track = [at(0, 100, speed_mps=20.0), at(5, 100), at(10, 100, speed_mps=20.0)]

    _, events = fold(track, fence(speed_limit_mps=13.9, speed_least_s=10.0))

    assert words(events)[1:] == [("speeding", "speed", 0)]


def test_a_way_through_without_a_fix_inside_is_a_crossing() -> None:
    _, events = fold([at(0, -50, lon=-1.0), at(60, -50, lon=1.0)])

    assert words(events) == [("crossed", "segment", 60)]
    assert events[0].visit_id is None


def test_nobody_knows_the_way_between_fixes_more_than_five_minutes_apart() -> None:
    assert fold([at(0, -50, lon=-1.0), at(301, -50, lon=1.0)])[1] == []


def test_the_edge_itself_is_not_crossed_by_noise() -> None:
    assert fold([at(0, -9, lon=-1.0), at(10, -50, lon=1.0), at(20, -9, lon=-1.0)])[1] == []


def test_outside_of_its_hours_a_fence_holds_nobody() -> None:
    hours = schedules.Schedule(start=dt.time(8), end=dt.time(12, 1))

    _, events = fold([at(0, 100), at(59, 100), at(60, 100), at(90, 100)], fence(schedule=hours))

    assert words(events) == [("entered", "deep", 0), ("exited", "schedule", 60)]


def test_above_the_ceiling_is_outside_when_it_is_confirmed() -> None:
    track = [at(0, 100, alt_m=20.0), *(at(n, 100, alt_m=80.0) for n in (1, 2, 3))]

    _, events = fold(track, fence(ceiling_m=50.0))

    assert words(events) == [("entered", "deep", 0), ("exited", "count", 1)]


def test_what_is_parked_must_not_leave_a_guarded_fence() -> None:
    guard = schedules.Schedule(start=dt.time(12, 30), end=dt.time(6))
    in_the_day = [at(0, 100), at(1000, -100)]
    by_night = [at(0, 100), at(3600, -100)]
    after_a_short_stop = [at(3600, 100), at(3700, -100)]

    told = [words(fold(track, fence(guard=guard))[1])[1:] for track in (in_the_day, by_night, after_a_short_stop)]

    assert told == [
        [("exited", "deep", 1000)],
        [("unauthorised", "guard", 3600), ("exited", "deep", 3600)],
        [("exited", "deep", 3700)],
    ]


def test_a_fence_that_is_watched_no_more_is_forgotten() -> None:
    stays, _ = fold([at(0, 100)])

    assert fence_fold.step(stays, None, at(1, 100), [], device_id=DEVICE) == ({}, ())


observations = st.lists(
    st.builds(
        at,
        st.just(0),
        st.integers(-60, 60),
        st.sampled_from([None, 3.0, 15.0]),
        speed_mps=st.sampled_from([None, 5.0, 20.0]),
        lon=st.sampled_from([-1.0, 1.0]),
    ),
    max_size=40,
)


@given(observations, st.data())
def test_a_state_comes_back_from_json_and_the_fold_goes_on_as_if_nothing_had_been(
    drawn: list[fence_fold.Observation], data: st.DataObject
) -> None:
    of = fence(dwell_s=50.0, speed_limit_mps=10.0, speed_least_s=8.0)
    track = [replace(seen, time=NOON + dt.timedelta(seconds=8 * n)) for n, seen in enumerate(drawn)]
    watched = [fence_fold.Watched(fence=of, outline=Half())]
    cut = data.draw(st.integers(0, len(track)))
    whole, events = fold(track, of)

    stays, told = fold(track[:cut], of)
    stays = fence_states.from_json(json.loads(json.dumps(fence_states.to_json(stays))))
    for before, seen in zip([None, *track][cut:], track[cut:], strict=False):
        stays, more = fence_fold.step(stays, before, seen, watched, device_id=DEVICE)
        told += more

    assert (stays, told) == (whole, events)


@given(observations)
def test_visits_never_overlap_and_every_event_of_a_stay_has_its_visit(drawn: list[fence_fold.Observation]) -> None:
    track = [replace(seen, time=NOON + dt.timedelta(seconds=8 * n)) for n, seen in enumerate(drawn)]
    _, events = fold(track, fence(dwell_s=50.0, speed_limit_mps=10.0))

    visit = None
    for event in events:
        if event.kind is fences.EventKind.ENTERED:
            assert visit is None
            visit = event.visit_id
        elif event.kind is not fences.EventKind.CROSSED:
            assert event.visit_id == visit is not None
        if event.kind is fences.EventKind.EXITED:
            visit = None

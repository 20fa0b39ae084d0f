import json
import math
import random
from collections.abc import Callable, Iterable, Iterator

import pytest

from domain import fix_quality, track

LAT, LON = 60.0, 24.0
METRES_PER_DEG = 111_412.0  # of latitude at 60° north
METRES_PER_DEG_LON = 55_800.0
LIMITS = fix_quality.Thresholds()
PHONE = fix_quality.DEFAULTS["phone"]
FixFlag = fix_quality.FixFlag


def point(
    second: float, x: float = 0.0, y: float = 0.0, speed: float | None = None, odometer: float | None = None
) -> track.Point:
    return track.Point(
        time_us=round(second * 1e6),
        lat=LAT + y / METRES_PER_DEG,
        lon=LON + x / METRES_PER_DEG_LON,
        speed_mps=speed,
        odometer_m=odometer,
    )


def fold(points: Iterable[track.Point], limits: fix_quality.Thresholds = LIMITS) -> list[track.Verdict]:
    state, verdicts = track.START, []
    for item in points:
        state, verdict = track.step(state, item, limits)
        verdicts.append(verdict)
    return verdicts


def way_m(verdicts: Iterable[track.Verdict]) -> float:
    return sum(verdict.way_m for verdict in verdicts)


def flags(verdicts: Iterable[track.Verdict]) -> list[FixFlag]:
    return [verdict.flags for verdict in verdicts]


def noisy(
    seconds: int, noise_m: float, seed: int, *, speed: float | None, at: Callable[[float], tuple[float, float]]
) -> Iterator[track.Point]:
    chance = random.Random(seed)
    for second in range(seconds):
        x, y = at(second)
        told = None if speed is None else abs(chance.gauss(speed, 0.3))
        yield point(second, x + chance.gauss(0, noise_m), y + chance.gauss(0, noise_m), told)


def round_a_block(metres: float) -> tuple[float, float]:
    side = 100.0
    turn, along = divmod(metres, side)
    corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
    x, y = corners[int(turn) % 4]
    dx, dy = [(1, 0), (0, 1), (-1, 0), (0, -1)][int(turn) % 4]
    return x + dx * along, y + dy * along


class TestStanding:
    @pytest.mark.parametrize("speed", [None, 0.0])
    @pytest.mark.parametrize("seed", [1, 5])
    def test_eight_hours_of_15_m_noise_are_no_way(self, speed: float | None, seed: int) -> None:
        verdicts = fold(noisy(8 * 3600, 15.0, seed, speed=speed, at=lambda _: (0.0, 0.0)))

        # Without any rule it is some 760 km. The anchor may be put right once or twice at the beginning.
        assert way_m(verdicts) < 150
        assert sum(verdict.flags == FixFlag.DRIFT for verdict in verdicts) > 28_000

    @pytest.mark.parametrize("speed", [None, 0.0])
    def test_noise_that_wanders_for_minutes_is_next_to_no_way(self, speed: float | None) -> None:
        chance, keep = random.Random(3), math.exp(-1 / 60)
        x = y = 0.0
        points = []
        for second in range(8 * 3600):
            x, y = (keep * each + chance.gauss(0, 15 * math.sqrt(1 - keep**2)) for each in (x, y))
            points.append(point(second, x, y, None if speed is None else abs(chance.gauss(speed, 0.3))))

        assert way_m(fold(points)) < 500

    def test_drift_is_seen_at_the_anchor(self) -> None:
        verdicts = fold([*(point(n, speed=0.0) for n in range(200)), point(200, 20.0, speed=0.1)])

        assert verdicts[-1].flags == FixFlag.DRIFT
        assert (verdicts[-1].lat, verdicts[-1].lon) == (LAT, LON)
        assert not verdicts[-1].moving

    def test_it_is_parked_when_it_has_stood_long_enough(self) -> None:
        verdicts = fold(point(n * 60, speed=0.0) for n in range(5))

        assert flags(verdicts) == [FixFlag(0)] * 3 + [FixFlag.DRIFT] * 2

    def test_a_departure_counts_from_where_counting_stopped(self) -> None:
        verdicts = fold(
            [*(point(n * 60, speed=0.0) for n in range(5)), point(245, 20.0, speed=5.0), point(250, 70.0, speed=10.0)]
        )

        assert [verdict.way_m for verdict in verdicts[-2:]] == [0.0, pytest.approx(70.0, rel=0.01)]
        assert flags(verdicts)[-2:] == [FixFlag.DRIFT, FixFlag(0)]
        assert verdicts[-1].moving

    def test_one_fix_outside_of_the_radius_is_no_departure_while_the_speed_says_so(self) -> None:
        verdicts = fold(
            [*(point(n, speed=0.0) for n in range(200)), point(200, 90.0, speed=0.0), point(201, speed=0.0)]
        )

        assert way_m(verdicts) == 0.0

    def test_what_is_towed_is_believed_to_have_left(self) -> None:
        verdicts = fold(
            [*(point(n, speed=0.0) for n in range(200)), *(point(200 + n, 90.0, speed=0.0) for n in range(3))]
        )

        assert way_m(verdicts) == pytest.approx(90.0, rel=0.01)
        assert flags(verdicts)[-1] == FixFlag(0)


class TestMoving:
    @pytest.mark.parametrize("speed", [None, 1.0])
    @pytest.mark.parametrize("limits", [LIMITS, PHONE])
    def test_a_slow_walk_in_5_m_noise_has_its_length(self, speed: float | None, limits: fix_quality.Thresholds) -> None:
        verdicts = fold(noisy(3600, 5.0, 3, speed=speed, at=lambda second: (second, 0.0)), limits)

        assert way_m(verdicts) == pytest.approx(3600, rel=0.05)

    @pytest.mark.parametrize("speed", [None, 1.0])
    @pytest.mark.parametrize("limits", [LIMITS, PHONE])
    def test_rounds_of_a_guard_have_their_length(self, speed: float | None, limits: fix_quality.Thresholds) -> None:
        verdicts = fold(noisy(3600, 5.0, 4, speed=speed, at=round_a_block), limits)

        assert way_m(verdicts) == pytest.approx(3600, rel=0.1)

    def test_a_walk_without_a_speed_is_moving(self) -> None:
        verdicts = fold(noisy(3600, 5.0, 3, speed=None, at=lambda second: (second, 0.0)), PHONE)

        assert sum(verdict.moving for verdict in verdicts) > 3500

    def test_a_drive_is_measured_from_fix_to_fix(self) -> None:
        verdicts = fold(point(n, *round_a_block(n * 10.0), speed=10.0) for n in range(100))

        assert way_m(verdicts) == pytest.approx(990, rel=0.01)

    def test_a_sparse_drive_without_speeds_is_measured_from_fix_to_fix(self) -> None:
        verdicts = fold(point(n * 30, n * 300.0) for n in range(10))

        assert way_m(verdicts) == pytest.approx(2700, rel=0.01)
        assert [verdict.moving for verdict in verdicts[1:]] == [True] * 9

    def test_over_a_long_silence_no_seconds_are_counted(self) -> None:
        verdicts = fold([point(0, speed=10.0), point(300, 3000.0, speed=10.0), point(601, 6000.0, speed=10.0)])

        assert [verdict.counted_us for verdict in verdicts] == [0, 300_000_000, 0]


class TestJumps:
    def test_an_outlier_is_flagged_and_counts_nothing(self) -> None:
        verdicts = fold([point(0, speed=10.0), point(1, 5000.0, speed=10.0), point(2, 20.0, speed=10.0)])

        assert flags(verdicts) == [FixFlag(0), FixFlag.JUMP, FixFlag(0)]
        assert way_m(verdicts) == pytest.approx(20.0, rel=0.01)

    def test_three_jumps_that_agree_are_believed(self) -> None:
        verdicts = fold([point(0, speed=10.0), *(point(n, 50_000.0 + n * 10.0, speed=10.0) for n in range(1, 6))])

        assert flags(verdicts) == [FixFlag(0)] + [FixFlag.JUMP] * 3 + [FixFlag(0)] * 2
        assert way_m(verdicts) == pytest.approx(20.0, rel=0.01)

    def test_jumps_to_here_and_there_are_not(self) -> None:
        outliers = [point(n, 50_000.0 * (-1) ** n, 20_000.0 * n) for n in range(1, 9)]

        assert set(flags(fold([point(0), *outliers]))[1:]) == {FixFlag.JUMP}

    def test_a_good_fix_between_them_ends_the_suspicion(self) -> None:
        far, near = [point(n, 50_000.0) for n in (1, 2, 4, 5)], [point(n) for n in (0, 3, 6)]

        verdicts = fold(sorted([*far, *near], key=lambda item: item.time_us))

        assert sum(bool(verdict.flags & FixFlag.JUMP) for verdict in verdicts) == 4

    def test_noise_at_ten_fixes_a_second_is_no_jump(self) -> None:
        assert flags(fold([point(0), point(0.1, 40.0), point(0.2, -30.0)])) == [FixFlag(0)] * 3

    def test_a_ferry_of_hours_is_no_jump(self) -> None:
        assert flags(fold([point(0), point(7200, 80_000.0)])) == [FixFlag(0)] * 2


class TestOdometer:
    def test_it_wins_over_the_positions(self) -> None:
        verdicts = fold([point(0, 0.0, odometer=100.0, speed=10.0), point(10, 90.0, odometer=212.5, speed=10.0)])

        assert verdicts[1].way_m == 112.5

    @pytest.mark.parametrize("odometer", [None, 50.0, 1e6])
    def test_one_that_is_not_told_falls_or_leaps_does_not(self, odometer: float | None) -> None:
        verdicts = fold([point(0, 0.0, odometer=100.0, speed=10.0), point(10, 90.0, odometer=odometer, speed=10.0)])

        assert verdicts[1].way_m == pytest.approx(90.0, rel=0.01)

    def test_it_counts_a_creep_that_positions_can_not_show(self) -> None:
        verdicts = fold(point(n, n * 0.5, odometer=n * 0.5, speed=0.5) for n in range(60))

        assert way_m(verdicts) == pytest.approx(29.5)


def test_the_radius_grows_with_the_accuracy_that_is_told() -> None:
    assert [track.radius_m(accuracy, LIMITS) for accuracy in (None, 10.0, 30.0)] == [50.0, 50.0, 90.0]


def test_a_state_is_the_same_read_back() -> None:
    state = track.START
    seen = [state]
    for item in [*noisy(400, 15.0, 2, speed=None, at=lambda _: (0.0, 0.0)), point(401, 1e6), point(402, 0.0, 60.0)]:
        state, _ = track.step(state, item, LIMITS)
        seen.append(state)

    assert [track.from_json(json.loads(json.dumps(track.to_json(item)))) for item in seen] == seen


def test_the_anchor_of_a_unit_on_the_antimeridian_stays_there() -> None:
    points = [
        track.Point(time_us=n * 1_000_000, lat=0.0, lon=math.copysign(179.9999, (-1) ** n), speed_mps=0.0)
        for n in range(300)
    ]

    verdicts = fold(points)

    assert way_m(verdicts) == 0.0
    assert abs(verdicts[-1].lon) > 179.999

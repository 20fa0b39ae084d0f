import numpy as np
import pytest

from stack.fleet import movers, receivers
from tests import town

_UNITS = 400


def _watch(seconds: int, *, seed: int = 1) -> tuple[list[receivers.Sight], list[tuple[np.ndarray, np.ndarray]]]:
    built = town.load()
    number = np.arange(_UNITS, dtype=np.int32)
    moving = movers.Movers(built.drive, built.drive_routes, movers.DRIVING, number, seed)
    seen = receivers.Receivers(built.ground, number, seed)
    sights, errors = [], []
    for _ in range(seconds):
        moving.advance(1.0)
        sight = seen.look(moving, 1.0)
        x, y = built.ground.flatten(sight.lat, sight.lon)
        true_x, true_y = moving.place
        sights.append(sight)
        errors.append((x - true_x, y - true_y))
    return sights, errors


def test_places_are_a_few_metres_off() -> None:
    _, errors = _watch(200)

    off = np.hypot(*np.array(errors).swapaxes(0, 1))
    assert 1.5 < np.median(off) < 5.0
    assert np.quantile(off, 0.999) < 20.0


def test_the_error_wanders_rather_than_jumps() -> None:
    _, errors = _watch(200)

    east = np.array(errors)[:, 0]
    assert np.corrcoef(east[:-1].ravel(), east[1:].ravel())[0, 1] > 0.9
    assert abs(np.corrcoef(east[:-150].ravel(), east[150:].ravel())[0, 1]) < 0.2


def test_satellites_and_hdop_vary_within_reason() -> None:
    sights, _ = _watch(200)

    satellites, hdop = np.array([s.satellites for s in sights]), np.array([s.hdop for s in sights])
    assert satellites.min() >= 4
    assert satellites.max() <= 14
    assert 0.5 <= hdop.min() < hdop.max() <= 2.5
    assert len(np.unique(satellites)) > 5


def test_fewer_satellites_mean_a_higher_hdop() -> None:
    sights, _ = _watch(50)

    assert np.corrcoef(sights[-1].satellites, sights[-1].hdop)[0, 1] < -0.7


def test_fixes_are_lost_for_some_seconds_and_come_back() -> None:
    sights, _ = _watch(300)

    has_fix = np.array([s.has_fix for s in sights])
    assert 0.005 < 1.0 - has_fix.mean() < 0.15
    assert (np.abs(np.diff(has_fix.astype(int), axis=0)).sum(axis=0) >= 2).any()


def test_nobody_in_a_tunnel_has_a_fix() -> None:
    built = town.load()
    number = np.arange(2000, dtype=np.int32)
    moving = movers.Movers(built.drive, built.drive_routes, movers.DRIVING, number, 1)
    seen = receivers.Receivers(built.ground, number, 1)

    moving.advance(60.0)
    sight = seen.look(moving, 60.0)

    assert moving.covered.any()
    assert not sight.has_fix[moving.covered].any()


def test_who_stands_has_no_course() -> None:
    sights, _ = _watch(60)

    for sight in sights:
        assert np.array_equal(np.isnan(sight.course_deg), sight.speed_mps < 0.6)


def test_the_same_seed_sees_the_same() -> None:
    first, second = _watch(20)[0][-1], _watch(20)[0][-1]

    assert np.array_equal(first.lat, second.lat)
    assert np.array_equal(first.satellites, second.satellites)
    assert _watch(20, seed=2)[0][-1].lat[0] != pytest.approx(first.lat[0], abs=1e-9)

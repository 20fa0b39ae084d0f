"""Believable motion, on the real town's streets."""

import numpy as np
import pytest
import shapely

from stack.fleet import lights, movers
from stack.town import network, routing
from tests import town

_UNITS, _SECONDS = 300, 900

Way = tuple[network.Network, routing.Routes, movers.Habits]


@pytest.fixture(params=["drive", "walk"])
def way(request: pytest.FixtureRequest) -> Way:
    built = town.load()
    if request.param == "drive":
        return built.drive, built.drive_routes, movers.DRIVING
    return built.walk, built.walk_routes, movers.WALKING


def _movers(way: Way, *, units: int = _UNITS, seed: int = 1) -> movers.Movers:
    return movers.Movers(*way, np.arange(units, dtype=np.int32), seed)


def _speeds(moving: movers.Movers, seconds: int = _SECONDS) -> network.Floats:
    speeds = [moving.speed_mps]
    for _ in range(seconds):
        moving.advance(1.0)
        speeds.append(moving.speed_mps)
    return np.array(speeds)


def test_nobody_accelerates_or_brakes_harder_than_is_comfortable(way: Way) -> None:
    change = np.diff(_speeds(_movers(way)), axis=0)

    assert change.max() <= way[2].comfort.accelerate_mps2 + 1e-9
    assert change.min() >= -way[2].comfort.brake_mps2 - 1e-9


def test_nobody_is_faster_than_the_street_allows(way: Way) -> None:
    moving = _movers(way)

    for _ in range(_SECONDS):
        moving.advance(1.0)
        assert (moving.speed_mps <= way[0].edge_limit_mps[moving.edge] + 1e-6).all()


def test_everybody_stays_on_a_street(way: Way) -> None:
    net, moving = way[0], _movers(way)
    lines = shapely.union_all(
        [shapely.LineString(np.c_[net.point_x[s], net.point_y[s]]) for s in map(net.points, range(net.edges))]
    )
    shapely.prepare(lines)

    for _ in range(30):
        moving.advance(20.0)
        x, y = moving.place
        assert shapely.distance(lines, shapely.points(x, y)).max() < 0.01


def test_nobody_jumps(way: Way) -> None:
    moving = _movers(way)
    x, y = moving.place

    for _ in range(_SECONDS):
        before = moving.speed_mps
        moving.advance(1.0)
        x2, y2 = moving.place
        assert (np.hypot(x2 - x, y2 - y) <= np.maximum(before, moving.speed_mps) + 2.0).all()
        x, y = x2, y2


def test_an_edge_is_followed_by_one_that_may_follow() -> None:
    built = town.load()
    net = built.drive
    moving = _movers((net, built.drive_routes, movers.DRIVING), units=50)
    legal = {(e, int(f)) for e in range(net.edges) for f in net.successors(e)}

    for _ in range(2000):
        before = moving.edge.copy()
        moving.advance(0.1)
        crossed = np.flatnonzero(before != moving.edge)
        assert {(int(before[i]), int(moving.edge[i])) for i in crossed} <= legal


def test_everybody_gets_about_and_stops_at_times(way: Way) -> None:
    speeds = _speeds(_movers(way))
    share_still = (speeds[60:] == 0.0).mean(axis=0)

    assert (speeds.max(axis=0) > 0.5 * way[0].edge_limit_mps.min()).all()
    assert 0.02 < share_still.mean() < 0.6


def test_guards_walk_at_a_walking_pace() -> None:
    built = town.load()
    speeds = _speeds(_movers((built.walk, built.walk_routes, movers.WALKING)))

    assert np.median(speeds[speeds > 0.2]) == pytest.approx(1.37, abs=0.06)


def test_cars_slow_down_for_turns() -> None:
    built = town.load()
    net, routes = built.drive, built.drive_routes
    moving = _movers((net, routes, movers.DRIVING))
    checked = 0

    for _ in range(4 * 600):
        edge, goal = moving.edge.copy(), moving._goal.copy()
        moving.advance(movers.STEP_S)
        crossed = np.flatnonzero((edge != moving.edge) & (moving.edge == routes.next_edge[goal, edge]))
        slow = routes.exit_mps[goal[crossed], edge[crossed]]
        assert (moving.speed_mps[crossed] <= slow + 1e-3).all()
        checked += int((slow < 4.0).sum())
    assert checked > 100


def test_cars_stand_at_red_lights() -> None:
    built = town.load()
    net = built.drive
    moving = _movers((net, built.drive_routes, movers.DRIVING), units=1000)
    seen = lights.Lights(net, 1)
    waited = ran = 0

    for _ in range(4 * 600):
        edge = moving.edge.copy()
        moving.advance(movers.STEP_S)
        crossed = edge != moving.edge
        red = seen.red(edge, moving.time_s)
        ran += int((crossed & red).sum())
        left_m = net.edge_length_m[edge] - moving.station_m
        waited += int((~crossed & red & (moving.speed_mps < 0.1) & (left_m < 15.0) & ~moving._standing).sum())

    # Some pass just after the change, as at amber; whoever can stop does.
    assert waited > 50 * ran


def test_a_green_axis_is_red_for_the_other() -> None:
    net = town.load().drive
    seen = lights.Lights(net, 1)
    lit = np.flatnonzero(net.edge_signal).astype(np.int32)

    shares = np.mean([seen.red(lit, t) for t in np.arange(0.0, 700.0, 0.5)], axis=0)

    assert shares == pytest.approx(4 / 7, abs=0.02)


def test_a_seed_moves_the_same_way_each_time(way: Way) -> None:
    first, second, other = _movers(way), _movers(way), _movers(way, seed=2)

    for moving in (first, second, other):
        moving.advance(300.0)

    assert np.array_equal(first.place, second.place)
    assert not np.array_equal(first.place, other.place)


def test_a_unit_moves_the_same_way_in_a_small_and_a_large_fleet(way: Way) -> None:
    few, many = _movers(way, units=3), _movers(way, units=200)

    few.advance(300.0)
    many.advance(300.0)

    assert np.array_equal(np.array(few.place), np.array(many.place)[:, :3])

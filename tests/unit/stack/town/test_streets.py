"""Properties of the real town's networks and routes."""

from pathlib import Path

import numpy as np
import pytest

from stack.town import network, pace, routing, streets, survey
from tests import town


@pytest.fixture(params=["drive", "walk"])
def way_of_moving(request: pytest.FixtureRequest) -> tuple[network.Network, routing.Routes, pace.Comfort]:
    built = town.load()
    if request.param == "drive":
        return built.drive, built.drive_routes, pace.CAR
    return built.walk, built.walk_routes, pace.WALKER


Moving = tuple[network.Network, routing.Routes, pace.Comfort]


def _reached(start: network.Ints, after: network.Ints, edges: int) -> int:
    seen = np.zeros(edges, bool)
    frontier = np.array([0])
    while len(frontier):
        seen[frontier] = True
        onward = np.concatenate([after[start[e] : start[e + 1]] for e in frontier])
        frontier = np.unique(onward[~seen[onward]])
    return int(seen.sum())


def test_every_street_can_be_reached_from_every_other(way_of_moving: Moving) -> None:
    net, _, _ = way_of_moving
    before = np.repeat(np.arange(net.edges), np.diff(net.successor_start))
    order = np.argsort(net.successor, kind="stable")
    start_back = np.concatenate([[0], np.cumsum(np.bincount(net.successor, minlength=net.edges))])

    assert _reached(net.successor_start, net.successor, net.edges) == net.edges
    assert _reached(start_back, before[order].astype(np.int32), net.edges) == net.edges


def test_an_edge_is_followed_only_by_edges_that_begin_where_it_ends(way_of_moving: Moving) -> None:
    net, _, _ = way_of_moving
    before = np.repeat(np.arange(net.edges), np.diff(net.successor_start))

    assert np.array_equal(net.edge_to[before], net.edge_from[net.successor])


def test_the_geometry_of_an_edge_is_as_long_as_the_edge(way_of_moving: Moving) -> None:
    net, _, _ = way_of_moving

    for e in range(0, net.edges, 17):
        at = net.points(e)
        length = np.hypot(np.diff(net.point_x[at]), np.diff(net.point_y[at])).sum()
        assert length == pytest.approx(net.edge_length_m[e], abs=1e-3)


def test_following_the_table_ends_at_the_destination(way_of_moving: Moving) -> None:
    net, routes, _ = way_of_moving
    goal = np.repeat(np.arange(len(routes.destination_edge)), net.edges)
    at = np.tile(np.arange(net.edges), len(routes.destination_edge))

    for _ in range(net.edges):
        moving = at != routes.destination_edge[goal]
        if not moving.any():
            break
        at = np.where(moving, routes.next_edge[goal, at], at)

    assert np.array_equal(at, routes.destination_edge[goal])


def test_whoever_leaves_an_edge_at_the_planned_speed_can_slow_down_for_what_comes(way_of_moving: Moving) -> None:
    net, routes, comfort = way_of_moving
    goal = np.arange(len(routes.destination_edge))[:, None]
    into = routes.next_edge
    beyond = routes.exit_mps[goal, into].astype(float)
    stops = into == routes.destination_edge[:, None]
    length = np.where(stops, routing.NEAREST_STOP, 1.0) * net.edge_length_m[into]
    possible = np.sqrt(np.where(stops, 0.0, beyond) ** 2 + 2 * comfort.brake_mps2 * length)

    assert (routes.exit_mps <= possible + 1e-3).all()
    assert (routes.exit_mps <= routes.profile_mps[net.point_start[into]] + 1e-3).all()
    assert (routes.exit_mps > 0).all()


def test_a_sharp_turn_is_slow_and_a_straight_road_is_not() -> None:
    sharp, gentle = pace.curve_mps(np.array([np.pi / 2, 0.02]), np.array([20.0, 20.0]), pace.CAR)

    assert 2.0 < sharp < 5.0
    assert gentle > 20.0


def test_the_oneway_streets_of_the_map_are_driven_one_way() -> None:
    net = town.load().drive
    extract = next(town.folder().parent.glob("*.osm.pbf"))
    oneways = {
        way.id: way.tags["oneway"] for way in survey.read(extract).ways if way.tags.get("oneway") in ("yes", "-1")
    }

    for way, forward in zip(net.edge_way.tolist(), net.edge_forward.tolist(), strict=True):
        if way in oneways:
            assert forward is (oneways[way] == "yes")
    assert len(oneways.keys() & set(net.edge_way.tolist())) > 100


def test_destinations_lie_apart(way_of_moving: Moving) -> None:
    net, routes, _ = way_of_moving
    x, y = net.locate(routes.destination_edge, 0.5 * net.edge_length_m[routes.destination_edge])
    distance = np.hypot(x[:, None] - x, y[:, None] - y) + np.diag(np.full(len(x), np.inf))

    assert len(set(routes.destination_edge.tolist())) == len(x)
    assert np.median(distance.min(axis=1)) > 50.0


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    built = town.load()

    streets.save(built, tmp_path / "town.npz")
    again = streets.load(tmp_path / "town.npz")

    assert again.names == built.names
    assert again.ground == built.ground
    for name, array in built.drive.arrays("").items():
        assert np.array_equal(array, again.drive.arrays("")[name])

"""Small hand-drawn towns: what is cut, joined, forbidden and dropped."""

import numpy as np
import pytest

from stack.town import network, network_build, plane, roads, survey

_GROUND = plane.Plane(lat=60.0, lon=25.0)
_STREET = {"highway": "residential"}


def _build(
    ways: dict[int, tuple[dict[str, str], list[int]]],
    *,
    signals: dict[int, str] | None = None,
    rules: tuple[survey.TurnRule, ...] = (),
) -> network.Network:
    """Nodes are numbered row × 10 + column on a grid of 100 m."""
    nodes = {node for _, path in ways.values() for node in path}
    lat, lon = _GROUND.unflatten(np.array([n % 10 for n in nodes]) * 100.0, np.array([n // 10 for n in nodes]) * 100.0)
    seen = survey.Survey(
        ways=tuple(survey.Way(id=i, tags=tags, nodes=tuple(path)) for i, (tags, path) in ways.items()),
        places=dict(zip(nodes, zip(lat.tolist(), lon.tolist(), strict=True), strict=True)),
        signals=signals or {},
        turn_rules=rules,
    )
    names = ["", *sorted({tags["name"] for tags, _ in ways.values() if "name" in tags})]
    return network_build.build(seen, roads.drivable, _GROUND, names)


def _pairs(net: network.Network) -> set[tuple[int, int]]:
    return {(int(net.edge_way[e]), int(net.edge_way[f])) for e in range(net.edges) for f in net.successors(e)}


def test_a_way_is_cut_where_another_meets_it() -> None:
    net = _build({1: (_STREET, [0, 1, 2]), 2: (_STREET, [1, 11])})

    assert sorted(net.edge_length_m) == pytest.approx([100.0] * 6, abs=0.1)


def test_a_way_is_not_cut_at_a_bend() -> None:
    net = _build({1: (_STREET, [0, 1, 11])})

    assert list(net.edge_length_m) == pytest.approx([200.0, 200.0], abs=0.1)


def test_a_turn_back_is_made_only_where_the_street_ends() -> None:
    net = _build({1: (_STREET, [0, 1, 2])})
    crossing = _build({1: (_STREET, [0, 1, 2]), 2: (_STREET, [1, 11])})

    assert all(len(net.successors(e)) == 1 for e in range(net.edges))
    for e in range(crossing.edges):
        back = [f for f in crossing.successors(e) if crossing.edge_to[f] == crossing.edge_from[e]]
        assert bool(back) == (len(crossing.successors(e)) == 1)


def test_a_oneway_street_is_never_driven_backwards() -> None:
    oneway = {**_STREET, "oneway": "yes"}
    net = _build({1: (oneway, [0, 1]), 2: (_STREET, [1, 11, 10, 0])})

    assert net.edge_forward[net.edge_way == 1].tolist() == [True]


def test_a_dead_end_behind_a_oneway_street_is_dropped() -> None:
    oneway = {**_STREET, "oneway": "yes"}
    net = _build({1: (_STREET, [0, 1, 11, 10, 0]), 2: (oneway, [1, 2])})

    assert 2 not in net.edge_way


def test_a_forbidden_turn_is_not_made() -> None:
    rule = survey.TurnRule(from_way=1, via_node=1, to_way=3, only=False)
    ways = {1: (_STREET, [0, 1]), 2: (_STREET, [1, 2]), 3: (_STREET, [1, 11])}

    assert (1, 3) in _pairs(_build(ways))
    assert (1, 3) not in _pairs(_build(ways, rules=(rule,)))
    assert (1, 2) in _pairs(_build(ways, rules=(rule,)))


def test_an_only_turn_forbids_the_others() -> None:
    rule = survey.TurnRule(from_way=1, via_node=1, to_way=2, only=True)
    ways = {1: (_STREET, [0, 1]), 2: (_STREET, [1, 2]), 3: (_STREET, [1, 11])}

    assert (1, 3) not in _pairs(_build(ways, rules=(rule,)))


def test_a_traffic_light_faces_the_direction_that_it_tells() -> None:
    net = _build({1: (_STREET, [0, 1, 2])}, signals={1: "forward"})

    lit = np.flatnonzero(net.edge_signal)
    assert net.edge_forward[lit].tolist() == [True]


def test_only_the_largest_part_of_a_torn_network_is_kept() -> None:
    net = _build({1: (_STREET, [0, 1, 2]), 2: (_STREET, [20, 21])})

    assert set(net.edge_way.tolist()) == {1}


def test_a_place_along_an_edge_lies_on_its_line() -> None:
    net = _build({1: (_STREET, [0, 1, 11])})
    there = np.flatnonzero(net.edge_forward).astype(np.int32)

    x, y = net.locate(np.repeat(there, 3), np.array([0.0, 50.0, 150.0]))

    assert x.tolist() == pytest.approx([0.0, 50.0, 100.0], abs=0.2)
    assert y.tolist() == pytest.approx([0.0, 0.0, 50.0], abs=0.2)

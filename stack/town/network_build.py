"""From a survey to a network: ways are cut where they meet and become directed edges; what hangs loose is dropped."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stack.town import network, plane, roads, survey

Rule = Callable[[roads.Tags], roads.Road | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    way: survey.Way
    road: roads.Road
    nodes: tuple[int, ...]
    forward: bool


def build(seen: survey.Survey, rule: Rule, ground: plane.Plane, names: Sequence[str]) -> network.Network:
    """Build the network of the ways that a rule admits."""
    edges = list(_cut(seen, rule))
    follow = _turns(edges, seen.turn_rules)
    kept = _largest_component(follow)
    renumbered = {old: new for new, old in enumerate(kept)}
    edges = [edges[old] for old in kept]
    follow = [[renumbered[f] for f in follow[old] if f in renumbered] for old in kept]
    return _arrays(edges, follow, seen, ground, {name: i for i, name in enumerate(names)})


def _cut(seen: survey.Survey, rule: Rule) -> Iterator[_Edge]:
    admitted = [(way, road) for way in seen.ways if (road := rule(way.tags)) is not None]
    uses = Counter(node for way, _ in admitted for node in way.nodes)
    ends = {node for way, _ in admitted for node in (way.nodes[0], way.nodes[-1])}
    junctions = ends | {node for node, n in uses.items() if n > 1} | seen.signals.keys()
    for way, road in admitted:
        cuts = [i for i, node in enumerate(way.nodes) if node in junctions]
        for a, b in pairwise(cuts):
            piece = way.nodes[a : b + 1]
            if road.forward:
                yield _Edge(way=way, road=road, nodes=piece, forward=True)
            if road.backward:
                yield _Edge(way=way, road=road, nodes=piece[::-1], forward=False)


def _turns(edges: Sequence[_Edge], rules: Sequence[survey.TurnRule]) -> list[list[int]]:
    """For each edge, the edges that may follow it."""
    leaving: dict[int, list[int]] = defaultdict(list)
    for i, edge in enumerate(edges):
        leaving[edge.nodes[0]].append(i)
    ruled: dict[tuple[int, int], list[survey.TurnRule]] = defaultdict(list)
    for turn_rule in rules:
        ruled[turn_rule.from_way, turn_rule.via_node].append(turn_rule)
    follow = []
    for edge in edges:
        onward = [f for f in leaving[edge.nodes[-1]] if edges[f].nodes != edge.nodes[::-1]]
        for turn_rule in ruled[edge.way.id, edge.nodes[-1]]:
            legal = [f for f in onward if (edges[f].way.id == turn_rule.to_way) is turn_rule.only]
            # A rule whose target lies outside of the extract would close the street; it is left out.
            onward = legal or onward
        follow.append(onward or leaving[edge.nodes[-1]])
    return follow


def _largest_component(follow: Sequence[Sequence[int]]) -> list[int]:
    """The largest set in which every edge reaches every other, in ascending order.

    R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972), with a stack of its own.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_edges: list[int] = []
    is_open: set[int] = set()
    largest: list[int] = []
    for root in range(len(follow)):
        path = [] if root in index else [(root, iter(follow[root]))]
        while path:
            edge, rest = path[-1]
            if edge not in index:
                index[edge] = low[edge] = len(index)
                open_edges.append(edge)
                is_open.add(edge)
            for after in rest:
                if after not in index:
                    path.append((after, iter(follow[after])))
                    break
                if after in is_open:
                    low[edge] = min(low[edge], low[after])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[edge])
                if low[edge] == index[edge]:
                    at = open_edges.index(edge)
                    component, open_edges[at:] = open_edges[at:], []
                    is_open.difference_update(component)
                    largest = max(largest, component, key=len)
    return sorted(largest)


def _arrays(
    edges: Sequence[_Edge],
    follow: Sequence[Sequence[int]],
    seen: survey.Survey,
    ground: plane.Plane,
    names: Mapping[str, int],
) -> network.Network:
    nodes = {node: i for i, node in enumerate(dict.fromkeys(n for e in edges for n in (e.nodes[0], e.nodes[-1])))}
    places = np.array([seen.places[node] for edge in edges for node in edge.nodes])
    x, y = ground.flatten(places[:, 0], places[:, 1])
    start = np.cumsum([0, *(len(edge.nodes) for edge in edges)], dtype=np.int32)
    along = _along(x, y, start)
    return network.Network(
        edge_from=np.array([nodes[e.nodes[0]] for e in edges], np.int32),
        edge_to=np.array([nodes[e.nodes[-1]] for e in edges], np.int32),
        edge_way=np.array([e.way.id for e in edges], np.int64),
        edge_forward=np.array([e.forward for e in edges]),
        edge_length_m=along[start[1:] - 1] - along[start[:-1]],
        edge_offset_m=along[start[:-1]],
        edge_limit_mps=np.array([e.road.limit_mps for e in edges]),
        edge_rank=np.array([e.road.rank for e in edges], np.int32),
        edge_name=np.array([names[e.way.tags.get("name", "")] for e in edges], np.int32),
        edge_tunnel=np.array([e.road.tunnel for e in edges]),
        edge_signal=np.array([_shown(seen.signals.get(e.nodes[-1]), forward=e.forward) for e in edges]),
        point_start=start,
        point_x=x,
        point_y=y,
        point_along_m=along,
        successor_start=np.cumsum([0, *map(len, follow)], dtype=np.int32),
        successor=np.array([f for onward in follow for f in onward], np.int32),
    )


def _along(x: network.Floats, y: network.Floats, start: network.Ints) -> network.Floats:
    """Ascending metres over all edges; between two edges lies a metre that belongs to none."""
    step = np.hypot(np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0]))
    step[start[:-1]] = 1.0
    return np.cumsum(step)


def _shown(direction: str | None, *, forward: bool) -> bool:
    """Whether a traffic light with this `traffic_signals:direction` faces who comes this way."""
    return direction is not None and direction != ("backward" if forward else "forward")

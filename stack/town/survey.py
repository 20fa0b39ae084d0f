"""What the extract holds of interest to traffic: ways with their points, traffic lights, forbidden turns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import osmium


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A highway way of the extract: its OpenStreetMap id, tags, and nodes in their order."""

    id: int
    tags: Mapping[str, str]
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRule:
    """A restriction relation with a node in its middle: `only` this turn, or every turn but this one."""

    from_way: int
    via_node: int
    to_way: int
    only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One reading of the extract. `places` maps a node to (latitude, longitude); `signals` to whom the light is shown."""

    ways: tuple[Way, ...]
    places: Mapping[int, tuple[float, float]]
    signals: Mapping[int, str]
    turn_rules: tuple[TurnRule, ...]


def read(extract: Path) -> Survey:
    """Read the extract once."""
    ways: list[Way] = []
    places: dict[int, tuple[float, float]] = {}
    signals: dict[int, str] = {}
    turn_rules: list[TurnRule] = []
    for item in osmium.FileProcessor(str(extract)).with_locations():
        if isinstance(item, osmium.osm.Node) and item.tags.get("highway") == "traffic_signals":
            signals[item.id] = item.tags.get("traffic_signals:direction") or "both"
        elif isinstance(item, osmium.osm.Way) and "highway" in item.tags:
            nodes = tuple(_known(item, places))
            if len(nodes) > 1:
                ways.append(Way(id=item.id, tags={tag.k: tag.v for tag in item.tags}, nodes=nodes))
        elif isinstance(item, osmium.osm.Relation) and item.tags.get("type") == "restriction":
            turn_rules += _turn_rule(item)
    return Survey(ways=tuple(ways), places=places, signals=signals, turn_rules=tuple(turn_rules))


def _known(way: osmium.osm.Way, places: dict[int, tuple[float, float]]) -> Iterator[int]:
    """The nodes of the way that lie inside of the extract; a way that leaves it ends at its edge."""
    for node in way.nodes:
        if node.location.valid():
            places[node.ref] = (node.location.lat, node.location.lon)
            yield node.ref


def _turn_rule(relation: osmium.osm.Relation) -> Iterator[TurnRule]:
    kind = relation.tags.get("restriction") or ""
    members = {member.role: member for member in relation.members}
    if (
        not kind.startswith(("no_", "only_"))
        or not {"from", "via", "to"} <= members.keys()
        or members["via"].type != "n"
    ):
        return
    yield TurnRule(
        from_way=members["from"].ref,
        via_node=members["via"].ref,
        to_way=members["to"].ref,
        only=kind.startswith("only_"),
    )

"""What an OpenStreetMap way means to someone who drives or walks it. Tags in, a rule out; no geometry.

The tags are those of https://wiki.openstreetmap.org/wiki/Key:highway, Key:access, Key:oneway and Key:maxspeed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Tags = Mapping[str, str]

_KMH = 1 / 3.6

#: Speed in km/h where a way tells none, and its rank at junctions (a lower one gives way to a higher one).
_DRIVABLE = {
    "primary": (40.0, 5),
    "primary_link": (30.0, 4),
    "secondary": (40.0, 4),
    "secondary_link": (30.0, 3),
    "tertiary": (30.0, 3),
    "tertiary_link": (30.0, 2),
    "unclassified": (30.0, 2),
    "residential": (30.0, 2),
    "living_street": (20.0, 1),
    "service": (15.0, 0),
}
_WALKABLE = frozenset(
    {"footway", "path", "pedestrian", "steps", "cycleway", "living_street", "residential", "service", "unclassified"}
    | {"tertiary", "tertiary_link", "secondary", "secondary_link", "primary", "primary_link", "crossing"}
)
_CLOSED = frozenset({"no", "private"})
_OPEN = frozenset({"yes", "designated", "permissive", "destination"})
#: The speed a walk is planned with; what a guard really does is the fleet's affair.
WALKING_MPS = 1.4
_SLOWEST_KMH, _FASTEST_KMH = 10.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What may be done on a way: in which directions along its points, and how fast."""

    forward: bool
    backward: bool
    limit_mps: float
    rank: int
    tunnel: bool


def drivable(tags: Tags) -> Road | None:
    """Tell how a car may use the way, or None where it may not."""
    kind = _DRIVABLE.get(tags.get("highway", ""))
    if kind is None or tags.get("area") == "yes" or tags.get("service") == "parking_aisle":
        return None
    if not _admits(tags, ("motor_vehicle", "vehicle", "access")):
        return None
    default_kmh, rank = kind
    forward, backward = _directions(tags)
    return Road(
        forward=forward,
        backward=backward,
        limit_mps=_limit_kmh(tags, default_kmh) * _KMH,
        rank=rank,
        tunnel=_covered(tags),
    )


def walkable(tags: Tags) -> Road | None:
    """Tell how someone on foot may use the way, or None where they may not: one-way streets are two-way to a walker."""
    if tags.get("highway") not in _WALKABLE or tags.get("area") == "yes" or tags.get("indoor") == "yes":
        return None
    if not _admits(tags, ("foot", "access")):
        return None
    return Road(forward=True, backward=True, limit_mps=WALKING_MPS, rank=0, tunnel=_covered(tags))


def _admits(tags: Tags, keys: tuple[str, ...]) -> bool:
    """Let the most special of the access tags decide; a way without any is open."""
    for key in keys:
        value = tags.get(key)
        if value in _OPEN:
            return True
        if value in _CLOSED:
            return False
    return True


def _directions(tags: Tags) -> tuple[bool, bool]:
    oneway = tags.get("oneway")
    if oneway in ("yes", "1", "true") or (oneway is None and tags.get("junction") in ("roundabout", "circular")):
        return True, False
    if oneway in ("-1", "reverse"):
        return False, True
    return True, True


def _limit_kmh(tags: Tags, default_kmh: float) -> float:
    text = tags.get("maxspeed", "")
    if not text.isdecimal():
        return default_kmh
    return min(max(float(text), _SLOWEST_KMH), _FASTEST_KMH)


def _covered(tags: Tags) -> bool:
    """A receiver below it sees no sky."""
    return tags.get("tunnel") in ("yes", "building_passage") or tags.get("covered") == "yes"

"""Entering and leaving geofences, judged in event time.

The plain reference; `ingest.fence_engine` is its vectorised twin and a property test holds the two equal.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain import geo

Ring = Sequence[tuple[float, float]]
"""Longitude and latitude in degrees, closed or not."""


class TransitionKind(StrEnum):
    """What a fix did to a geofence."""

    ENTERED = "entered"
    EXITED = "exited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Geofence:
    """A polygon with holes that its tenant watches."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    shell: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One geofence entered or left at the time of a fix."""

    fence_id: uuid.UUID
    kind: TransitionKind
    time: dt.datetime


def contains(fence: Geofence, position: geo.Position) -> bool:
    """Whether the position lies in the shell and in no hole; what lies exactly on an edge counts as inside."""
    if not _in_ring(fence.shell, position):
        return False
    return all(_on_edge(hole, position) or not _in_ring(hole, position) for hole in fence.holes)


def transitions(*, before: Iterable[uuid.UUID], now_inside: Iterable[uuid.UUID], time: dt.datetime) -> list[Transition]:
    """The two set differences between the fences a device was in and is in: exits first, each by id."""
    was, is_in = frozenset(before), frozenset(now_inside)
    left = [Transition(fence_id=f, kind=TransitionKind.EXITED, time=time) for f in sorted(was - is_in)]
    return left + [Transition(fence_id=f, kind=TransitionKind.ENTERED, time=time) for f in sorted(is_in - was)]


def _edges(ring: Ring) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _in_ring(ring: Ring, position: geo.Position) -> bool:
    if _on_edge(ring, position):
        return True
    x, y = position.lon, position.lat
    inside = False
    for (x1, y1), (x2, y2) in _edges(ring):
        # A ray to the east crosses this edge; half-open in y, so that a corner counts once.
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _on_edge(ring: Ring, position: geo.Position) -> bool:
    x, y = position.lon, position.lat
    for (x1, y1), (x2, y2) in _edges(ring):
        collinear = (x2 - x1) * (y - y1) == (y2 - y1) * (x - x1)
        if collinear and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
    return False

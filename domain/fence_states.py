"""What is kept of a device and a fence from fix to fix, and what a fix may change in it: a table of phases and sights."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEEP_BANDS = 3.0
"""So far beyond the edge one fix is enough: three times a radius that two fixes of three lie in."""


class Phase(StrEnum):
    """Where a device stands with a fence; outside of it nothing is kept."""

    OUT = "out"
    ENTERING = "entering"
    IN = "in"
    LEAVING = "leaving"


class Sight(StrEnum):
    """What one fix says."""

    DEEP_IN = "deep_in"
    CLEAR_IN = "clear_in"
    EDGE_IN = "edge_in"
    EDGE_OUT = "edge_out"
    CLEAR_OUT = "clear_out"
    DEEP_OUT = "deep_out"
    NOT_IN_FORCE = "not_in_force"


def sight_at(bands: float) -> Sight:
    """What a fix says that lies so many bands beyond the edge, positive inside; the edge belongs to the inside."""
    if bands >= 0:
        if bands >= DEEP_BANDS:
            return Sight.DEEP_IN
        return Sight.CLEAR_IN if bands >= 1 else Sight.EDGE_IN
    if bands <= -DEEP_BANDS:
        return Sight.DEEP_OUT
    return Sight.CLEAR_OUT if bands <= -1 else Sight.EDGE_OUT


class Move(StrEnum):
    """What follows from it."""

    KEEP = "keep"
    RUN = "run"  #: begins or goes on with a run that may confirm a change
    BREAK = "break"  #: ends the run, nothing has changed
    ENTER = "enter"
    LEAVE = "leave"


MOVES: Mapping[Phase, Mapping[Sight, Move]] = {
    Phase.OUT: {
        Sight.DEEP_IN: Move.ENTER,
        Sight.CLEAR_IN: Move.RUN,
        Sight.EDGE_IN: Move.RUN,
        Sight.EDGE_OUT: Move.KEEP,
        Sight.CLEAR_OUT: Move.KEEP,
        Sight.DEEP_OUT: Move.KEEP,
        Sight.NOT_IN_FORCE: Move.KEEP,
    },
    Phase.ENTERING: {
        Sight.DEEP_IN: Move.ENTER,
        Sight.CLEAR_IN: Move.RUN,
        Sight.EDGE_IN: Move.RUN,
        Sight.EDGE_OUT: Move.BREAK,
        Sight.CLEAR_OUT: Move.BREAK,
        Sight.DEEP_OUT: Move.BREAK,
        Sight.NOT_IN_FORCE: Move.BREAK,
    },
    Phase.IN: {
        Sight.DEEP_IN: Move.KEEP,
        Sight.CLEAR_IN: Move.KEEP,
        Sight.EDGE_IN: Move.KEEP,
        Sight.EDGE_OUT: Move.KEEP,
        Sight.CLEAR_OUT: Move.RUN,
        Sight.DEEP_OUT: Move.LEAVE,
        Sight.NOT_IN_FORCE: Move.LEAVE,
    },
    Phase.LEAVING: {
        Sight.DEEP_IN: Move.BREAK,
        Sight.CLEAR_IN: Move.BREAK,
        Sight.EDGE_IN: Move.BREAK,
        Sight.EDGE_OUT: Move.BREAK,
        Sight.CLEAR_OUT: Move.RUN,
        Sight.DEEP_OUT: Move.LEAVE,
        Sight.NOT_IN_FORCE: Move.LEAVE,
    },
}
INSIDE = (Sight.DEEP_IN, Sight.CLEAR_IN, Sight.EDGE_IN)
CLEAR = (Sight.DEEP_IN, Sight.CLEAR_IN, Sight.CLEAR_OUT, Sight.DEEP_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """When and where something began."""

    time: dt.datetime
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What is kept of a device and a fence while it is not plainly outside."""

    phase: Phase
    run: Mark | None = None  #: first fix of the run that may confirm a change
    run_clear: int = 0  #: fixes of the run that are clear of the band
    run_fixes: int = 0
    entered_at: dt.datetime | None = None  #: None while entering
    is_dwell_told: bool = False
    speeding: Mark | None = None  #: first fix over the limit
    is_speeding_told: bool = False


Stays = Mapping[uuid.UUID, Stay]
"""The fence state of one device, by fence; read-only."""
NO_STAYS: Stays = {}


def to_json(stays: Stays) -> dict[str, dict[str, Any]]:
    """A state as JSON keeps it; equal states come out equal, whatever the order of their fences."""
    return {str(fence_id): stay_to_json(stays[fence_id]) for fence_id in sorted(stays)}


def from_json(kept: Mapping[str, Mapping[str, Any]]) -> Stays:
    """The state that `to_json` has kept."""
    return {uuid.UUID(fence_id): stay_from_json(stay) for fence_id, stay in kept.items()}


def stay_to_json(stay: Stay) -> dict[str, Any]:
    """One stay as JSON keeps it."""
    kept: dict[str, Any] = {"phase": stay.phase.value}
    if stay.run is not None:
        kept["run"] = _mark_to_json(stay.run) | {"clear": stay.run_clear, "fixes": stay.run_fixes}
    if stay.entered_at is not None:
        kept["entered_at"] = _time_to_json(stay.entered_at)
    if stay.is_dwell_told:
        kept["dwell_told"] = True
    if stay.speeding is not None:
        kept["speeding"] = _mark_to_json(stay.speeding) | {"told": stay.is_speeding_told}
    return kept


def stay_from_json(kept: Mapping[str, Any]) -> Stay:
    """The stay that `stay_to_json` has kept."""
    run, speeding = kept.get("run"), kept.get("speeding")
    return Stay(
        phase=Phase(kept["phase"]),
        run=None if run is None else _mark_from_json(run),
        run_clear=0 if run is None else run["clear"],
        run_fixes=0 if run is None else run["fixes"],
        entered_at=_time_from_json(kept["entered_at"]) if "entered_at" in kept else None,
        is_dwell_told=kept.get("dwell_told", False),
        speeding=None if speeding is None else _mark_from_json(speeding),
        is_speeding_told=False if speeding is None else speeding["told"],
    )


def _mark_to_json(mark: Mark) -> dict[str, Any]:
    return {"time": _time_to_json(mark.time), "lat": mark.lat, "lon": mark.lon}


def _mark_from_json(kept: Mapping[str, Any]) -> Mark:
    return Mark(time=_time_from_json(kept["time"]), lat=kept["lat"], lon=kept["lon"])


def _time_to_json(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat()


def _time_from_json(kept: str) -> dt.datetime:
    return dt.datetime.fromisoformat(kept)

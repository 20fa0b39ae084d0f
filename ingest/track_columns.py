"""Devices in columns: where their tracks are, what else is kept of them, and the one distance that all go by."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj

from domain import track

_GEOD = pyproj.Geod(ellps="WGS84")

PLAIN, PARKED, SPECIAL = 0, 1, 2
"""A device's stance: nothing beyond its last good fix; parked with a settled anchor; anything else."""
TRACK_FIELDS: list[tuple[str, str]] = [
    ("known", "?"),  # whether there is a good fix; the next four are of the last one
    ("time_us", "i8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("odometer_m", "f8"),
    ("moving", "?"),
    ("stance", "i1"),
    ("anchor_lat", "f8"),  # of PARKED
    ("anchor_lon", "f8"),
]
TRACK_DTYPE = np.dtype(TRACK_FIELDS)

Columns = npt.NDArray[np.void]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state just before a row that is the first of its device in an hour."""

    row: int
    state: track.State


@dataclass(slots=True, kw_only=True)
class Folded:
    """What is known of each device after its rows."""

    after: Columns  #: in TRACK_DTYPE
    states: dict[int, track.State] = field(default_factory=dict)  #: whole, of those whose stance isn't PLAIN, by index
    changed: list[int] = field(default_factory=list)  #: those with other `states` than before, but for the last fix
    checkpoints: list[Checkpoint] = field(default_factory=list)


def whole_state(before: np.void, state: track.State | None) -> track.State:
    """A device's state from its columns and, if its stance isn't PLAIN, what else is kept of it."""
    values: Any = before.item()
    known, time_us, lat, lon, odometer_m, moving, *_ = values
    if not known:
        return state or track.START
    last = track.Place(time_us=time_us, lat=lat, lon=lon, odometer_m=told(odometer_m))
    if state is None:
        return track.State(last=last, moving=moving)
    return track.State(
        last=last,
        moving=moving,
        believed=state.believed,
        anchor=state.anchor,
        origin=state.origin,
        away=state.away,
        creeping=state.creeping,
        is_parked=state.is_parked,
        suspect=state.suspect,
    )


def columns_of(state: track.State, out: Columns, index: int) -> None:
    """Write a whole state into the columns of one device."""
    if state.last is not None:
        out["known"][index] = True
        out["time_us"][index], out["lat"][index], out["lon"][index] = (
            *(state.last.time_us, state.last.lat, state.last.lon),
        )
        out["odometer_m"][index] = np.nan if state.last.odometer_m is None else state.last.odometer_m
    out["moving"][index] = state.moving
    out["stance"][index] = stance_of(state)
    if state.anchor is not None:
        out["anchor_lat"][index], out["anchor_lon"][index] = state.anchor.lat, state.anchor.lon


def stance_of(state: track.State) -> int:
    """How a device with this state is judged."""
    if state.is_plain:
        return PLAIN
    return PARKED if is_settled(state) else SPECIAL


def differ_by_last_alone(a: track.State, b: track.State) -> bool:
    """Whether two states are the same but for the last good fix."""
    return (
        (a.away, a.creeping, a.is_parked) == (b.away, b.creeping, b.is_parked)
        and (a.anchor is b.anchor or a.anchor == b.anchor)
        and (a.origin is b.origin or a.origin == b.origin)
        and a.suspect == b.suspect
        and a.believed == b.believed
    )


def is_settled(state: track.State) -> bool:
    """Whether nothing but the last fix changes as long as the fixes stay around the anchor without telling a way."""
    return (
        state.is_parked
        and state.anchor is not None
        and state.anchor.fixes >= track.ANCHOR_FIXES
        and state.origin is not None
        and state.away == 0
        and state.suspect is None
        and state.last is not None
        and state.believed is None
    )


def place(time_us: int, lat: float, lon: float, odometer_m: float) -> track.Place:
    """A good fix; an odometer that is not told is NaN."""
    return track.Place(time_us=int(time_us), lat=float(lat), lon=float(lon), odometer_m=told(float(odometer_m)))


def told(value: float) -> float | None:
    """None for NaN."""
    return None if value != value else value  # noqa: PLR0124 - NaN


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """The distance on the ellipsoid, to the last bit what whole columns get."""
    metres: float = _GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]
    return metres


def distances(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """`distance_m` of whole columns."""
    metres: Floats = _GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]
    return metres

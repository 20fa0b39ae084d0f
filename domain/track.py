"""The track of one device as a fold over its fixes in the order of time: jumps, parking, drift, metres, moving or idle.

Noise must not count for a way. Where a receiver tells a speed that is plainly a drive, the way is that from fix to fix; else it
is counted from anchor to anchor: nothing as long as the fixes stay within the drift radius around the anchor, and the straight
way from where counting stopped once they have left it. So eight hours of noise come to nothing and a walk to its length.

The plain reference; `ingest.tracks` is its vectorised twin and a property test holds the two equal.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain import activity, fix_quality, geo

US = 1_000_000
DRIVING_MPS = 2.5
"""A told speed from here on is no receiver at rest."""
PROGRESS_MPS = 0.5
"""Slower than this from anchor to anchor nobody moves."""
AGREEING = 3
"""So many fixes in a row are believed: jumps that agree with each other, and fixes away from where a unit stood."""
ANCHOR_FIXES = 20
"""The anchor of what stands is the mean of so many fixes: one alone, or five, may be anywhere in the noise."""
ANCHOR_FIXES_UNDER_WAY = 5
"""Of a slow unit on its way it is the mean of so few, since the mean of more would come along with it."""
RADIUS_ACCURACIES = 3.0
INNER_RADIUS_M = 25.0
AGREEING_INSIDE = 6
"""A slow unit on its way takes a new anchor nearer by, so that corners aren't cut, when so many fixes in a row lie outside."""
PARKED_RADII = 1.5
"""What is parked is believed to stay: only out here do three slow fixes speak for more than wandering."""
FAR_RADII = 2.0
"""So far from the anchor one fix is enough, unless it says that it stands."""
STANDING_WORD_S = 60.0
"""For so long after the fix before, a told low speed speaks for the way between the two as well."""

Distance = Callable[[float, float, float, float], float]
"""Metres from latitude and longitude to latitude and longitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Of a fix, what the track goes by."""

    time_us: int  #: since 1970-01-01 UTC
    lat: float
    lon: float
    speed_mps: float | None = None
    accuracy_m: float | None = None  #: telemetry.accuracy_m
    odometer_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere at some time, and how many fixes say so."""

    time_us: int
    lat: float
    lon: float
    odometer_m: float | None = None
    fixes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the fixes so far mean for those to come."""

    last: Place | None = None  #: the last good fix
    moving: bool = False  #: at the last good fix
    believed: Place | None = None  #: where jumps that agree have moved the unit since
    anchor: Place | None = None  #: where it stands, since when; None: at the reference
    origin: Place | None = None  #: up to where the way is counted; None: up to the reference
    away: int = 0  #: fixes in a row that speak for a departure
    creeping: int = 0  #: fixes in a row of a slow unit on its way that lie outside of the inner radius
    is_parked: bool = False
    suspect: Place | None = None  #: the last jump, and how many agree

    @property
    def reference(self) -> Place | None:
        """What the next fix is measured from."""
        return self.believed or self.last

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing beyond the last good fix."""
        return (
            (self.believed or self.anchor or self.origin or self.suspect) is None
            and self.away == self.creeping == 0
            and not self.is_parked
        )


START = State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a fix is in its track."""

    flags: fix_quality.FixFlag = fix_quality.GOOD
    way_m: float = 0.0
    moving: bool = False
    counted_us: int = 0  #: since the fix before, where the silence wasn't too long
    lat: float  #: where the fences see it
    lon: float


def geodesic_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """The distance on the ellipsoid."""
    return geo.geodesic_m(geo.Position(lat_a, lon_a), geo.Position(lat_b, lon_b))


def step(
    state: State, point: Point, limits: fix_quality.Thresholds, distance_m: Distance = geodesic_m
) -> tuple[State, Verdict]:
    """Take the next fix, which has no flag of its own."""
    reference = state.reference
    if reference is None:
        moving = (point.speed_mps or 0.0) >= activity.MOVING_SPEED_MPS
        return State(last=_place(point), moving=moving), Verdict(moving=moving, lat=point.lat, lon=point.lon)
    gap_m = distance_m(reference.lat, reference.lon, point.lat, point.lon)
    elapsed_us = point.time_us - reference.time_us
    if fix_quality.is_jump(gap_m, elapsed_us / US, point.accuracy_m, limits):
        verdict = Verdict(flags=fix_quality.FixFlag.JUMP, lat=point.lat, lon=point.lon)
        return _suspect(state, point, limits, distance_m), verdict
    counted_us = elapsed_us if elapsed_us <= activity.LONGEST_GAP_S * US else 0
    driven_m = odometer_way_m(reference.odometer_m, point.odometer_m, elapsed_us, limits)
    anchor = state.anchor or Place(time_us=reference.time_us, lat=reference.lat, lon=reference.lon)
    anchor_gap_m = gap_m if state.anchor is None else distance_m(anchor.lat, anchor.lon, point.lat, point.lon)
    away = state.away + 1 if _speaks_for_departure(state, point, anchor_gap_m, limits) else 0
    inner_m = inner_radius_m(point.accuracy_m, limits)
    creeping = state.creeping + 1 if _is_under_way(state, point) and anchor_gap_m > inner_m else 0
    if creeping >= AGREEING_INSIDE or (away and _has_left(state, point, away, anchor_gap_m, elapsed_us, limits)):
        origin = state.origin or reference
        way_m = distance_m(origin.lat, origin.lon, point.lat, point.lon) if driven_m is None else driven_m
        moving = _is_moving_on(state, point, anchor, anchor_gap_m, gap_m, elapsed_us)
        verdict = Verdict(way_m=way_m, moving=moving, counted_us=counted_us, lat=point.lat, lon=point.lon)
        return State(last=_place(point), moving=moving), verdict
    return _stay(state, point, anchor, (away, creeping), driven_m, counted_us, limits)


def odometer_way_m(
    before_m: float | None, now_m: float | None, elapsed_us: int, limits: fix_quality.Thresholds
) -> float | None:
    """The way by the device's own odometer; None where it isn't told at both ends, or can't be."""
    if before_m is None or now_m is None:
        return None
    driven_m = now_m - before_m
    return driven_m if 0.0 <= driven_m <= limits.max_speed_mps * (elapsed_us / US) + limits.drift_radius_m else None


def radius_m(accuracy_m: float | None, limits: fix_quality.Thresholds) -> float:
    """How far from where it stands a unit's fixes may lie."""
    return max(limits.drift_radius_m, RADIUS_ACCURACIES * (accuracy_m or 0.0))


def inner_radius_m(accuracy_m: float | None, limits: fix_quality.Thresholds) -> float:
    """From where on the fixes of a slow unit on its way speak for a new anchor, if enough of them do."""
    return max(INNER_RADIUS_M, radius_m(accuracy_m, limits) / 2)


def _place(point: Point) -> Place:
    return Place(time_us=point.time_us, lat=point.lat, lon=point.lon, odometer_m=point.odometer_m)


def _is_driving(point: Point) -> bool:
    return point.speed_mps is not None and point.speed_mps >= DRIVING_MPS


def _is_under_way(state: State, point: Point) -> bool:
    if state.is_parked:
        return False
    return state.moving if point.speed_mps is None else point.speed_mps >= PROGRESS_MPS


def _speaks_for_departure(state: State, point: Point, anchor_gap_m: float, limits: fix_quality.Thresholds) -> bool:
    radii = PARKED_RADII if state.is_parked else 1.0
    return _is_driving(point) or anchor_gap_m > radii * radius_m(point.accuracy_m, limits)


def _has_left(
    state: State, point: Point, away: int, anchor_gap_m: float, elapsed_us: int, limits: fix_quality.Thresholds
) -> bool:
    radius = radius_m(point.accuracy_m, limits)
    if away >= AGREEING:
        return True
    if _is_driving(point):
        return not state.is_parked or anchor_gap_m > radius
    says_standing = point.speed_mps is not None and elapsed_us <= STANDING_WORD_S * US
    return anchor_gap_m > FAR_RADII * radius and not says_standing


def _is_moving_on(
    state: State, point: Point, anchor: Place, anchor_gap_m: float, gap_m: float, elapsed_us: int
) -> bool:
    if point.speed_mps is not None:
        return point.speed_mps >= activity.MOVING_SPEED_MPS
    if state.is_parked:
        # How long it has stood tells nothing of its speed now.
        return elapsed_us <= activity.LONGEST_GAP_S * US or gap_m >= PROGRESS_MPS * (elapsed_us / US)
    return anchor_gap_m >= PROGRESS_MPS * ((point.time_us - anchor.time_us) / US)


def _stay(
    state: State,
    point: Point,
    anchor: Place,
    doubts: tuple[int, int],
    driven_m: float | None,
    counted_us: int,
    limits: fix_quality.Thresholds,
) -> tuple[State, Verdict]:
    """It is where it was, as far as anybody can tell."""
    away, creeping = doubts
    stood_us = point.time_us - anchor.time_us
    is_parked = state.is_parked or (away == creeping == 0 and stood_us >= limits.park_after_s * US)
    enough = ANCHOR_FIXES_UNDER_WAY if _is_under_way(state, point) else ANCHOR_FIXES
    if away == creeping == 0 and anchor.fixes < enough:
        anchor = _refined(anchor, point)
    if is_parked:
        moving = False
    elif point.speed_mps is not None:
        moving = point.speed_mps >= activity.MOVING_SPEED_MPS
    else:
        moving = state.moving and PROGRESS_MPS * (stood_us / US) <= radius_m(point.accuracy_m, limits)
    reference = state.reference
    assert reference is not None
    origin = state.origin or Place(time_us=reference.time_us, lat=reference.lat, lon=reference.lon)
    verdict = Verdict(
        flags=fix_quality.FixFlag.DRIFT if is_parked else fix_quality.GOOD,
        way_m=driven_m or 0.0,
        moving=moving,
        counted_us=counted_us,
        lat=anchor.lat if is_parked else point.lat,
        lon=anchor.lon if is_parked else point.lon,
    )
    after = State(
        last=_place(point),
        moving=moving,
        anchor=anchor,
        origin=origin if driven_m is None else None,
        away=away,
        creeping=creeping,
        is_parked=is_parked,
    )
    return after, verdict


def _refined(anchor: Place, point: Point) -> Place:
    """The mean with one more fix; longitudes are taken the short way round."""
    fixes = anchor.fixes + 1
    d_lon = (point.lon - anchor.lon + 540.0) % 360.0 - 180.0
    lon = (anchor.lon + d_lon / fixes + 540.0) % 360.0 - 180.0
    return Place(time_us=anchor.time_us, lat=anchor.lat + (point.lat - anchor.lat) / fixes, lon=lon, fixes=fixes)


def _suspect(state: State, point: Point, limits: fix_quality.Thresholds, distance_m: Distance) -> State:
    """A jump: the unit is believed there when enough of them agree."""
    here = Place(time_us=point.time_us, lat=point.lat, lon=point.lon)
    before = state.suspect
    if before is not None:
        gap_m = distance_m(before.lat, before.lon, point.lat, point.lon)
        elapsed_s = (point.time_us - before.time_us) / US
        if not fix_quality.is_jump(gap_m, elapsed_s, point.accuracy_m, limits):
            here = dataclasses.replace(here, fixes=before.fixes + 1)
    if here.fixes >= AGREEING:
        return State(last=state.last, believed=dataclasses.replace(here, fixes=1))
    return dataclasses.replace(state, suspect=here)


def to_json(state: State, *, with_last: bool = True) -> dict[str, Any]:
    """A state as JSON, if wanted without the last good fix; what is as at the start is left out."""
    places = {name: getattr(state, name) for name in ("believed", "anchor", "origin", "suspect")}
    made: dict[str, Any] = {name: _place_to_json(place) for name, place in places.items() if place is not None}
    for name in ("away", "creeping", "is_parked"):
        if value := getattr(state, name):
            made[name] = value
    if with_last and state.last is not None:
        made["last"] = _place_to_json(state.last)
    if with_last and state.moving:
        made["moving"] = True
    return made


def _place_to_json(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = {"time_us": place.time_us, "lat": place.lat, "lon": place.lon, "fixes": place.fixes}
    if place.odometer_m is not None:
        told["odometer_m"] = place.odometer_m
    return told


def from_json(made: Mapping[str, Any]) -> State:
    """Read what `to_json` wrote."""
    places = {name: Place(**value) for name, value in made.items() if isinstance(value, Mapping)}
    return State(**{**made, **places})

"""Fences over the ordered fixes of one device: entries and exits that don't flap, and what happens during a stay.

A function of the fixes alone, in event time; `ingest.fence_judge` is its vectorised twin and a property test holds the two
equal. A fix is read by how far it lies beyond the edge, in bands: a band is the fix's accuracy, bounded by the fence's rules.
The way in leads over the edge, the way out over the edge and a band more, so that noise at the edge changes nothing; what
is believed at last happened at the first fix of the run that confirmed it.
"""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain import fence_states, fences, geo

LONGEST_CROSSING = dt.timedelta(minutes=5)
"""Between fixes further apart nobody knows the way."""
_SURE_BY_TIME = 2
_OUT = fence_states.Stay(phase=fence_states.Phase.OUT)
_VISITS = uuid.UUID("6f0b7b36-3e0e-5a1c-9a57-5d6b3f1f7a10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A good fix, where the fences are to see it."""

    time: dt.datetime
    position: geo.Position
    accuracy_m: float | None = None  #: `fences.accuracy_m`
    alt_m: float | None = None
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceEvent:
    """Something that happened at a fence."""

    fence_id: uuid.UUID
    kind: fences.EventKind
    reason: fences.Reason
    time: dt.datetime  #: of the fix at which it began
    lat: float | None
    lon: float | None
    decided_at: dt.datetime  #: time of the fix that settled it
    visit_id: uuid.UUID | None = None
    speed_mps: float | None = None


class Outline(Protocol):
    """The geometry of a fence."""

    def depth_m(self, position: geo.Position) -> float:
        """Metres to the edge, positive inside."""
        ...

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        """Whether the straight way between two positions touches the area."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A fence with its geometry."""

    fence: fences.Geofence
    outline: Outline


@dataclass(slots=True, kw_only=True)
class Glimpse:
    """A fix as one fence sees it; thousands a second are made and looked at once, which frozen takes twice as long."""

    mark: fence_states.Mark
    depth_m: float
    band_m: float
    is_in_force: bool = True
    is_at_height: bool = True
    has_passed: bool = False  #: the way from the fix before touches the area, and both ends lie clear outside
    speed_mps: float | None = None

    @property
    def sight(self) -> fence_states.Sight:
        """What it says."""
        if not self.is_in_force:
            return fence_states.Sight.NOT_IN_FORCE
        if not self.is_at_height:
            return fence_states.Sight.CLEAR_OUT
        return fence_states.sight_at(self.depth_m / self.band_m)


def visit_id(device_id: int, fence_id: uuid.UUID, entered_at: dt.datetime) -> uuid.UUID:
    """The same stay has the same id, whoever derives it and how often."""
    return uuid.uuid5(_VISITS, f"{device_id}/{fence_id}/{entered_at.astimezone(dt.UTC).isoformat()}")


def step(
    stays: fence_states.Stays,
    before: Observation | None,
    seen: Observation,
    watched: Sequence[Watched],
    *,
    device_id: int,
) -> tuple[fence_states.Stays, tuple[FenceEvent, ...]]:
    """Take one more fix of a device.

    Args:
        stays: the state until now.
        before: the observation that was taken last.
        seen: a later one.
        watched: the fences that the device is assigned to.
        device_id: for the ids of visits.

    Returns:
        The state from now on, without fences that are not watched, and the events: exits first, then by fence.
    """
    after: dict[uuid.UUID, fence_states.Stay] = {}
    events: list[FenceEvent] = []
    for each in watched:
        glimpse = look(each, before, seen)
        stay, told = advance(each.fence, stays.get(each.fence.id), glimpse, device_id=device_id)
        events += told
        if stay is not None:
            after[each.fence.id] = stay
    return after, tuple(in_order(events))


def look(watched: Watched, before: Observation | None, seen: Observation) -> Glimpse:
    """What a fence sees of a fix."""
    fence, outline = watched.fence, watched.outline
    band_m = fence.band_m(seen.accuracy_m)
    depth_m = outline.depth_m(seen.position)
    has_passed = (
        before is not None
        and depth_m <= -band_m
        and seen.time - before.time <= LONGEST_CROSSING
        and outline.depth_m(before.position) <= -band_m
        and outline.is_passed(before.position, seen.position)
    )
    return Glimpse(
        mark=fence_states.Mark(time=seen.time, lat=seen.position.lat, lon=seen.position.lon),
        depth_m=depth_m,
        band_m=band_m,
        is_in_force=fence.is_in_force(seen.time),
        is_at_height=fence.is_at_height(seen.alt_m),
        has_passed=has_passed,
        speed_mps=seen.speed_mps,
    )


def advance(
    fence: fences.Geofence, stay: fence_states.Stay | None, glimpse: Glimpse, *, device_id: int
) -> tuple[fence_states.Stay | None, list[FenceEvent]]:
    """Take one more fix into what is kept of a device and a fence."""
    sight = glimpse.sight
    now = stay or _OUT
    move = fence_states.MOVES[now.phase][sight]
    reason: fences.Reason | None = None
    if move is fence_states.Move.RUN:
        now = _run_on(now, glimpse, is_clear=sight in fence_states.CLEAR)
        reason = _confirmed(fence.rules, now, glimpse.mark.time)
    elif move in (fence_states.Move.ENTER, fence_states.Move.LEAVE):
        reason = fences.Reason.SCHEDULE if sight is fence_states.Sight.NOT_IN_FORCE else fences.Reason.DEEP
        if sight is fence_states.Sight.NOT_IN_FORCE:
            now = dataclasses.replace(now, run=None)
    elif move is fence_states.Move.BREAK:
        now = _broken(now)
    if reason is not None and now.phase in (fence_states.Phase.IN, fence_states.Phase.LEAVING):
        return None, _left(fence, now, glimpse, reason, device_id)
    if reason is not None:
        now, events = _entered(fence, now, glimpse, reason, device_id)
    elif now.phase is fence_states.Phase.OUT:
        return None, _passed(fence, stay, glimpse)
    else:
        events = []
    if now.phase is fence_states.Phase.IN:
        now = _during(fence, now, glimpse, sight, events, device_id)
    return now, events


def in_order(events: Iterable[FenceEvent]) -> list[FenceEvent]:
    """Events of one fix: what ends before what begins, then by fence."""
    return sorted(events, key=order_of)


def order_of(event: FenceEvent) -> tuple[int, uuid.UUID]:
    """A key to sort the events of one fix by."""
    return _ORDER[event.kind], event.fence_id


_ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            fences.EventKind.UNAUTHORISED,
            fences.EventKind.EXITED,
            fences.EventKind.CROSSED,
            fences.EventKind.ENTERED,
            fences.EventKind.DWELLED,
            fences.EventKind.SPEEDING,
            fences.EventKind.ABSENT,
        )
    )
}


def _run_on(stay: fence_states.Stay, glimpse: Glimpse, *, is_clear: bool) -> fence_states.Stay:
    phases = fence_states.Phase
    phase = phases.ENTERING if stay.phase in (phases.OUT, phases.ENTERING) else phases.LEAVING
    return fence_states.Stay(
        phase=phase,
        run=stay.run or glimpse.mark,
        run_clear=stay.run_clear + is_clear,
        run_fixes=stay.run_fixes + 1,
        entered_at=stay.entered_at,
        is_dwell_told=stay.is_dwell_told,
        speeding=stay.speeding,
        is_speeding_told=stay.is_speeding_told,
    )


def _broken(stay: fence_states.Stay) -> fence_states.Stay:
    phase = fence_states.Phase.OUT if stay.phase is fence_states.Phase.ENTERING else fence_states.Phase.IN
    return dataclasses.replace(stay, phase=phase, run=None, run_clear=0, run_fixes=0)


def _confirmed(rules: fences.Rules, stay: fence_states.Stay, time: dt.datetime) -> fences.Reason | None:
    assert stay.run is not None
    if stay.run_clear >= rules.confirmations:
        return fences.Reason.COUNT
    enough = stay.run_clear >= _SURE_BY_TIME or stay.run_fixes >= rules.confirmations
    if enough and (time - stay.run.time).total_seconds() >= rules.confirm_s:
        return fences.Reason.TIME
    return None


def _entered(
    fence: fences.Geofence, stay: fence_states.Stay, glimpse: Glimpse, reason: fences.Reason, device_id: int
) -> tuple[fence_states.Stay, list[FenceEvent]]:
    began = stay.run or glimpse.mark
    inside = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=began.time)
    return inside, [_event(fence, fences.EventKind.ENTERED, reason, began, glimpse, inside, device_id)]


def _left(
    fence: fences.Geofence, stay: fence_states.Stay, glimpse: Glimpse, reason: fences.Reason, device_id: int
) -> list[FenceEvent]:
    assert stay.entered_at is not None
    began = stay.run or glimpse.mark
    events = [_event(fence, fences.EventKind.EXITED, reason, began, glimpse, stay, device_id)]
    guard = fence.rules.guard
    if guard is not None and reason is not fences.Reason.SCHEDULE:
        stayed_s = (began.time - stay.entered_at).total_seconds()
        if stayed_s >= fence.rules.guard_stay_s and guard.holds(began.time, tenant_zone=fence.zone):
            kind, why = fences.EventKind.UNAUTHORISED, fences.Reason.GUARD
            events.append(_event(fence, kind, why, began, glimpse, stay, device_id))
    return events


def _passed(fence: fences.Geofence, stay: fence_states.Stay | None, glimpse: Glimpse) -> list[FenceEvent]:
    """A way through without a fix inside; where one was, a run was at least begun."""
    if stay is not None or not glimpse.has_passed or not fence.rules.crossings:
        return []
    if not (glimpse.is_in_force and glimpse.is_at_height):
        return []
    mark = glimpse.mark
    return [
        FenceEvent(
            fence_id=fence.id,
            kind=fences.EventKind.CROSSED,
            reason=fences.Reason.SEGMENT,
            time=mark.time,
            lat=mark.lat,
            lon=mark.lon,
            decided_at=mark.time,
            speed_mps=glimpse.speed_mps,
        )
    ]


def _during(
    fence: fences.Geofence,
    stay: fence_states.Stay,
    glimpse: Glimpse,
    sight: fence_states.Sight,
    events: list[FenceEvent],
    device_id: int,
) -> fence_states.Stay:
    """What the rules have to say on a stay that goes on."""
    rules, mark = fence.rules, glimpse.mark
    if _is_dwell_due(rules, stay, mark.time):
        kind, why = fences.EventKind.DWELLED, fences.Reason.DWELL
        events.append(_event(fence, kind, why, mark, glimpse, stay, device_id))
        stay = dataclasses.replace(stay, is_dwell_told=True)
    if rules.speed_limit_mps is None or glimpse.speed_mps is None or sight not in fence_states.INSIDE:
        return stay
    if glimpse.speed_mps <= rules.speed_limit_mps:
        return stay if stay.speeding is None else dataclasses.replace(stay, speeding=None, is_speeding_told=False)
    if stay.speeding is None:
        stay = dataclasses.replace(stay, speeding=mark)
    assert stay.speeding is not None
    lasted_s = (mark.time - stay.speeding.time).total_seconds()
    if not stay.is_speeding_told and lasted_s >= rules.speed_least_s:
        kind, why = fences.EventKind.SPEEDING, fences.Reason.SPEED
        events.append(_event(fence, kind, why, stay.speeding, glimpse, stay, device_id))
        stay = dataclasses.replace(stay, is_speeding_told=True)
    return stay


def _is_dwell_due(rules: fences.Rules, stay: fence_states.Stay, time: dt.datetime) -> bool:
    if rules.dwell_s is None or stay.is_dwell_told or stay.entered_at is None:
        return False
    return (time - stay.entered_at).total_seconds() >= rules.dwell_s


def _event(
    fence: fences.Geofence,
    kind: fences.EventKind,
    reason: fences.Reason,
    began: fence_states.Mark,
    glimpse: Glimpse,
    stay: fence_states.Stay,
    device_id: int,
) -> FenceEvent:
    assert stay.entered_at is not None
    return FenceEvent(
        fence_id=fence.id,
        kind=kind,
        reason=reason,
        time=began.time,
        lat=began.lat,
        lon=began.lon,
        decided_at=glimpse.mark.time,
        visit_id=visit_id(device_id, fence.id, stay.entered_at),
        speed_mps=glimpse.speed_mps,
    )

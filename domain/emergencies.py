"""Alerts: what a press makes of them and how they live (R44, R46, R47, R48). Pure; the use cases stand in operations."""

import dataclasses
import datetime as dt
import uuid
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from domain import errors, geo, telemetry

OLD_POSITION_S = 30 * 60.0
"""From this age on a position is no current location (R56)."""
LATE_PRESS_S = 60.0
"""A press that arrives later than this after it was made is marked late."""
CANCEL_WINDOW = dt.timedelta(seconds=60)
"""A cancel belongs to the presses of its fob made up to this long before it."""
EARLIEST_PRESS = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)
"""What is dated before is not believed, whatever the clock says: a GPS week that rolled over lands 19.6 years in the past."""
CLOCK_TOLERANCE_S = 60.0
"""A position this much later than its press comes from a clock that is wrong."""


class AlertType(IntEnum):
    """What happened (R33)."""

    PANIC_BUTTON = 1
    VEHICLE_BREAKDOWN = 2
    ACCIDENT = 3
    SECURITY_INCIDENT = 4
    MEDICAL_EMERGENCY = 5
    DELIVERY_INCIDENT = 6


class AlertPriority(IntEnum):
    """How urgent an alert is (R33)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class AlertState(StrEnum):
    """The life cycle of an alert (R48)."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AlertRemark(StrEnum):
    """What a dispatcher must know about how the alert was raised."""

    UNKNOWN_FOB = "unknown_fob"
    UNKNOWN_DEVICE = "unknown_device"
    NO_POSITION = "no_position"
    OLD_POSITION = "old_position"
    FUTURE_POSITION = "future_position"
    LATE = "late"
    CLOCK_UNSET = "clock_unset"
    MALFORMED = "malformed"


class AlertChange(StrEnum):
    """What the history of an alert is made of."""

    RAISED = "raised"
    PRESSED_AGAIN = "pressed_again"
    REARMED = "rearmed"
    CANCELLED_BY_DEVICE = "cancelled_by_device"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class LocationSource(StrEnum):
    """Where the position on an alert comes from."""

    PRESS = "press"
    LATEST = "latest"


class AlertTransitionError(errors.DomainError):
    """An alert cannot go to that state from the one it is in."""

    code = "alert_transition"

    def __init__(self, state: AlertState, wanted: AlertState, by: str | None) -> None:
        super().__init__(
            f"the alert is {state} already" + (f", by {by}" if by else "") + f"; it cannot become {wanted}"
        )
        self.state, self.wanted = state, wanted
        self.by = by

    def is_repeat(self, by: str) -> bool:
        """Whether whoever wants it has done it before: no error then, as an answer may get lost."""
        return self.state == self.wanted and self.by == by


class ResolutionMissingError(errors.DomainError):
    """An alert is resolved with a text (R48)."""

    code = "resolution_missing"


_ALLOWED = {
    AlertState.OPEN: {AlertState.ACKNOWLEDGED, AlertState.RESOLVED},
    AlertState.ACKNOWLEDGED: {AlertState.OPEN, AlertState.RESOLVED},  # a further press re-arms it
    AlertState.RESOLVED: set[AlertState](),
}

_TEXTS = {
    telemetry.PressKind.PRESS: "Panic button activated by {who}",
    telemetry.PressKind.LONG: "Panic button activated by {who}",
    telemetry.PressKind.DOUBLE: "Panic button activated by {who}",
    telemetry.PressKind.MAN_DOWN: "Man-down signal from {who}",
    telemetry.PressKind.FALL: "Fall detected for {who}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """The person a fob is assigned to."""

    id: uuid.UUID
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLocation:
    """The last good position known when the alert was raised (R46)."""

    position: geo.Position
    time: dt.datetime
    age_s: float
    accuracy_m: float | None
    source: LocationSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Somebody needs help until a person says that it is over."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    type: AlertType
    priority: AlertPriority
    state: AlertState
    text: str
    raised_at: dt.datetime  #: by the server's clock
    pressed_at: dt.datetime  #: by the device's clock
    last_press_at: dt.datetime  #: by the server's clock
    press_count: int
    device_name: str
    fob: str  #: one unresolved alert per tenant and fob (R47)
    person_id: uuid.UUID | None = None
    location: AlertLocation | None = None
    remarks: frozenset[AlertRemark] = frozenset()
    cancelled_by_device_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: dt.datetime | None = None
    resolved_by: str | None = None
    resolution: str | None = None


def raises_alert(kind: telemetry.PressKind) -> bool:
    """Whether this kind of press is an alarm; a test, a check-in and a cancel are none."""
    return kind in _TEXTS


def alert_fob(press: telemetry.Press, device_name: str, unknown: str) -> str:
    """The fob that an alert hangs on; presses with an unreadable one (`unknown`) are kept apart by device."""
    return f"{unknown}@{device_name}" if press.fob == unknown else press.fob


def renamed(press: telemetry.Press, source: telemetry.DeviceRef) -> telemetry.Press:
    """The press under an id of its own, where its id was used for another: a device that repeats ids is heard as well."""
    name = f"{press.id} {source.name} {press.fob} {press.kind} {press.seq}"
    if press.clock is not telemetry.Clock.UNSET:
        name += f" {press.time.isoformat()}"
    remark = f"id {press.id} was used before"
    return dataclasses.replace(press, id=uuid.uuid5(press.id, name), remarks=(*press.remarks, remark))


def open_alert(
    press: telemetry.Press,
    *,
    alert_id: uuid.UUID,
    source: telemetry.DeviceRef,
    fob: str,
    reporter: Reporter | None,
    latest: telemetry.Fix | None,
    now: dt.datetime,
) -> Alert:
    """Make the alert of a first press; whatever is missing stands among its remarks (R44, R46)."""
    location, is_ahead = locate(press, latest=latest, now=now)
    who = _name(reporter) if reporter else f"an unknown person (fob {fob}, device {source.name})"
    remarks = _remarks(press, location=location, now=now)
    if reporter is None:
        remarks.add(AlertRemark.UNKNOWN_FOB)
    if is_ahead:
        remarks.add(AlertRemark.FUTURE_POSITION)
    if source.id is None:
        remarks.add(AlertRemark.UNKNOWN_DEVICE)
    return Alert(
        id=alert_id,
        tenant_id=source.tenant_id,
        type=AlertType.PANIC_BUTTON,
        priority=AlertPriority.CRITICAL,
        state=AlertState.OPEN,
        text=_TEXTS[press.kind].format(who=who),
        raised_at=now,
        pressed_at=press.time,
        last_press_at=now,
        press_count=1,
        device_name=source.name,
        fob=fob,
        person_id=reporter.id if reporter else None,
        location=location,
        remarks=frozenset(remarks),
    )


def _name(reporter: Reporter) -> str:
    return f"{reporter.first_name} {reporter.last_name}"


def locate(
    press: telemetry.Press, *, latest: telemetry.Fix | None, now: dt.datetime
) -> tuple[AlertLocation | None, bool]:
    """The position that the press carries, else the newest that the server knows; and whether it claims to be of the future."""
    made_at = now if press.clock is telemetry.Clock.UNSET else press.time
    fix = press.fix or latest
    if fix is None:
        return None, False
    age_s = (made_at - fix.time).total_seconds()
    if press.fix is not None and press.fix_age_s is not None:
        age_s = press.fix_age_s
    source = LocationSource.LATEST if press.fix is None else LocationSource.PRESS
    return _location(fix, age_s, source), age_s < -CLOCK_TOLERANCE_S


def held_at(press: telemetry.Press, *, now: dt.datetime) -> dt.datetime:
    """The time by which it is told who had the fob (R62): the press's own where that can be true, else this moment."""
    is_known = press.clock is not telemetry.Clock.UNSET and press.time >= EARLIEST_PRESS
    return min(press.time, now) if is_known else now


def named_anew(alert: Alert, press: telemetry.Press, reporter: Reporter) -> Alert:
    """The alert of somebody else, who has the fob by now and has pressed it: they are the one to be looked for."""
    text = _TEXTS[press.kind].format(who=_name(reporter))
    remarks = alert.remarks - {AlertRemark.UNKNOWN_FOB}
    return dataclasses.replace(alert, text=text, person_id=reporter.id, remarks=remarks)


def add_press(alert: Alert, made_at: dt.datetime, now: dt.datetime) -> tuple[Alert, tuple[AlertChange, ...]]:
    """Count a further press of an unresolved alert; one after the acknowledgement re-arms it (R47).

    A press made after a cancel takes the mark away: it was meant.
    """
    cancelled_at = alert.cancelled_by_device_at
    pressed = dataclasses.replace(
        alert,
        press_count=alert.press_count + 1,
        last_press_at=now,
        cancelled_by_device_at=None if cancelled_at is not None and made_at > cancelled_at else cancelled_at,
    )
    if alert.state is not AlertState.ACKNOWLEDGED:
        return pressed, (AlertChange.PRESSED_AGAIN,)
    rearmed = dataclasses.replace(_move(pressed, AlertState.OPEN), acknowledged_at=None, acknowledged_by=None)
    return rearmed, (AlertChange.PRESSED_AGAIN, AlertChange.REARMED)


def cancel_by_device(alert: Alert, at: dt.datetime) -> Alert:
    """Mark an alert as cancelled by its device; it stays unresolved: a person must still look (R47)."""
    return dataclasses.replace(alert, cancelled_by_device_at=at)


def acknowledge(alert: Alert, *, by: str, now: dt.datetime) -> Alert:
    """Somebody takes the alert.

    Raises:
        AlertTransitionError: it is acknowledged or resolved already; the error says by whom.
    """
    return dataclasses.replace(_move(alert, AlertState.ACKNOWLEDGED), acknowledged_at=now, acknowledged_by=by)


def resolve(alert: Alert, *, by: str, text: str, now: dt.datetime) -> Alert:
    """Somebody says how it ended; allowed without an acknowledgement (R48).

    Raises:
        ResolutionMissingError: the text is blank.
        AlertTransitionError: it is resolved already; the error says by whom.
    """
    kept = resolution(text)
    return dataclasses.replace(_move(alert, AlertState.RESOLVED), resolved_at=now, resolved_by=by, resolution=kept)


def resolution(text: str) -> str:
    """The text as it is kept.

    Raises:
        ResolutionMissingError: it is blank.
    """
    if not text.strip():
        raise ResolutionMissingError("say in a few words how the alert ended")
    return text.strip()


def may_move(state: str, wanted: AlertState) -> bool:
    """Whether an alert can go from one state to another; one in a state of a newer release must not stay without help."""
    return state not in set(AlertState) or wanted in _ALLOWED[AlertState(state)]


def _move(alert: Alert, state: AlertState) -> Alert:
    if not may_move(alert.state, state):
        raise AlertTransitionError(alert.state, state, alert.resolved_by or alert.acknowledged_by)
    return dataclasses.replace(alert, state=state)


def _location(fix: telemetry.Fix, age_s: float, source: LocationSource) -> AlertLocation:
    return AlertLocation(
        position=fix.position,
        time=fix.time,
        age_s=max(0.0, age_s),
        accuracy_m=telemetry.accuracy_m(fix),
        source=source,
    )


def _remarks(press: telemetry.Press, *, location: AlertLocation | None, now: dt.datetime) -> set[AlertRemark]:
    found = {
        AlertRemark.NO_POSITION: location is None,
        AlertRemark.OLD_POSITION: location is not None and location.age_s > OLD_POSITION_S,
        AlertRemark.CLOCK_UNSET: press.clock is telemetry.Clock.UNSET,
        AlertRemark.LATE: press.clock is not telemetry.Clock.UNSET
        and (now - press.time).total_seconds() > LATE_PRESS_S,
        AlertRemark.MALFORMED: bool(press.remarks),
    }
    return {remark for remark, holds in found.items() if holds}

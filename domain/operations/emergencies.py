"""From a press to an alert, and what people do with alerts."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from domain import emergencies, errors, ports, telemetry
from domain.wire import panic

_MOST_RACES = 5


class AlertNotFoundError(errors.DomainError):
    """The tenant has no such alert."""

    code = "alert_not_found"

    def __init__(self, alert_id: uuid.UUID) -> None:
        super().__init__(f"no alert {alert_id}")


class AlertRaceError(errors.DomainError):
    """Alerts of one fob were raised and resolved faster than a press could join one; try again."""

    code = "alert_race"


@dataclass(frozen=True, slots=True, kw_only=True)
class PressOutcome:
    """What came of a press."""

    duplicate: bool
    alert: emergencies.Alert | None = None
    changes: tuple[emergencies.AlertChange, ...] = ()


def receive_press(
    *,
    press: telemetry.Press,
    source: telemetry.DeviceRef,
    received_at: dt.datetime,
    now: dt.datetime,
    uow: ports.UnitOfWork,
    new_id: Callable[[], uuid.UUID],
) -> PressOutcome:
    """Keep a press from a device and raise, join or mark the alert of its fob; one that is there already changes nothing.

    Raises:
        AlertRaceError: nothing was kept; the caller tries again.
    """
    with uow:
        if not uow.presses.add(press, source=source, received_at=received_at):
            if uow.presses.holds(press, source=source):
                return PressOutcome(duplicate=True)
            press = emergencies.renamed(press, source)
            if not uow.presses.add(press, source=source, received_at=received_at):
                return PressOutcome(duplicate=True)
        outcome = PressOutcome(duplicate=False)
        if press.kind is telemetry.PressKind.CANCEL:
            outcome = _cancel(press, source=source, now=now, uow=uow)
        elif emergencies.raises_alert(press.kind):
            outcome = _raise_or_join(press, source=source, now=now, uow=uow, new_id=new_id)
        uow.commit()
        return outcome


def acknowledge(
    *, tenant_id: uuid.UUID, alert_id: uuid.UUID, by: str, now: dt.datetime, uow: ports.UnitOfWork
) -> emergencies.Alert:
    """A person takes an alert.

    Raises:
        AlertNotFoundError: this tenant has no such alert.
        AlertTransitionError: it is acknowledged or resolved already.
    """
    with uow:
        alert = emergencies.acknowledge(_get(alert_id, tenant_id, uow), by=by, now=now)
        uow.alerts.save(alert)
        uow.alerts.record(alert, emergencies.AlertChange.ACKNOWLEDGED, at=now, actor=by)
        uow.commit()
        return alert


def resolve(
    *, tenant_id: uuid.UUID, alert_id: uuid.UUID, by: str, text: str, now: dt.datetime, uow: ports.UnitOfWork
) -> emergencies.Alert:
    """A person says how an alert ended.

    Raises:
        AlertNotFoundError: this tenant has no such alert.
        ResolutionMissingError: the text is blank.
        AlertTransitionError: it is resolved already.
    """
    with uow:
        alert = emergencies.resolve(_get(alert_id, tenant_id, uow), by=by, text=text, now=now)
        uow.alerts.save(alert)
        uow.alerts.record(alert, emergencies.AlertChange.RESOLVED, at=now, actor=by, note=alert.resolution)
        uow.commit()
        return alert


def _get(alert_id: uuid.UUID, tenant_id: uuid.UUID, uow: ports.UnitOfWork) -> emergencies.Alert:
    alert = uow.alerts.get(alert_id, tenant_id=tenant_id)
    if alert is None:
        raise AlertNotFoundError(alert_id)
    return alert


def _raise_or_join(
    press: telemetry.Press,
    *,
    source: telemetry.DeviceRef,
    now: dt.datetime,
    uow: ports.UnitOfWork,
    new_id: Callable[[], uuid.UUID],
) -> PressOutcome:
    fob = emergencies.alert_fob(press, source.name, panic.UNKNOWN_FOB)
    reporter = uow.people.of_fob(press.fob, tenant_id=source.tenant_id, at=emergencies.held_at(press, now=now))
    # Two gateways may hear one fob: between the look and the insert, the other one's alert can appear, or be resolved.
    for _ in range(_MOST_RACES):
        alert = uow.alerts.unresolved_for_fob(fob, tenant_id=source.tenant_id)
        if alert is not None:
            return _join(alert, press, source=source, reporter=reporter, now=now, uow=uow)
        alert = emergencies.open_alert(
            press,
            alert_id=new_id(),
            source=source,
            fob=fob,
            reporter=reporter,
            latest=uow.positions.latest(source),
            now=now,
        )
        if uow.alerts.add(alert):
            return _raised(alert, press, source=source, now=now, uow=uow)
    raise AlertRaceError(f"the alerts of fob {fob} change too fast")


def _raised(
    alert: emergencies.Alert,
    press: telemetry.Press,
    *,
    source: telemetry.DeviceRef,
    now: dt.datetime,
    uow: ports.UnitOfWork,
) -> PressOutcome:
    uow.presses.attach(press.id, tenant_id=alert.tenant_id, alert_id=alert.id)
    uow.alerts.record(alert, emergencies.AlertChange.RAISED, at=now)
    alert, marked = _overtaken(alert, press, source=source, now=now, uow=uow)
    return PressOutcome(duplicate=False, alert=alert, changes=(emergencies.AlertChange.RAISED, *marked))


def _join(
    alert: emergencies.Alert,
    press: telemetry.Press,
    *,
    source: telemetry.DeviceRef,
    reporter: emergencies.Reporter | None,
    now: dt.datetime,
    uow: ports.UnitOfWork,
) -> PressOutcome:
    note = None
    if reporter is not None and reporter.id != alert.person_id and _is_newest(press, alert, now=now, uow=uow):
        note = alert.text  # as it was: of whoever had the fob before
        alert = emergencies.named_anew(alert, press, reporter)
    alert, changes = emergencies.add_press(alert, press.time, now)
    uow.presses.attach(press.id, tenant_id=alert.tenant_id, alert_id=alert.id)
    uow.alerts.save(alert)
    for change in changes:
        uow.alerts.record(alert, change, at=now, note=note if change is emergencies.AlertChange.PRESSED_AGAIN else None)
    alert, marked = _overtaken(alert, press, source=source, now=now, uow=uow)
    return PressOutcome(duplicate=False, alert=alert, changes=(*changes, *marked))


def _is_newest(press: telemetry.Press, alert: emergencies.Alert, *, now: dt.datetime, uow: ports.UnitOfWork) -> bool:
    """Whether an alert has no press made after this one: after an outage the newest comes first."""
    made_at = emergencies.held_at(press, now=now)
    return not uow.presses.made_within(alert.id, tenant_id=alert.tenant_id, since=made_at, until=now)


def _overtaken(
    alert: emergencies.Alert,
    press: telemetry.Press,
    *,
    source: telemetry.DeviceRef,
    now: dt.datetime,
    uow: ports.UnitOfWork,
) -> tuple[emergencies.Alert, tuple[emergencies.AlertChange, ...]]:
    """After an outage the newest comes first, so the cancel may be here before the press that it cancels."""
    until = press.time + emergencies.CANCEL_WINDOW
    device = source.name if press.fob == panic.UNKNOWN_FOB else None  # unreadable fobs are kept apart by device
    cancelled_at = uow.presses.first_cancel(
        press.fob, tenant_id=source.tenant_id, since=press.time, until=until, device=device
    )
    if cancelled_at is None or alert.cancelled_by_device_at is not None:
        return alert, ()
    return _mark_cancelled(alert, cancelled_at, now=now, uow=uow)


def _cancel(
    press: telemetry.Press, *, source: telemetry.DeviceRef, now: dt.datetime, uow: ports.UnitOfWork
) -> PressOutcome:
    fob = emergencies.alert_fob(press, source.name, panic.UNKNOWN_FOB)
    alert = uow.alerts.unresolved_for_fob(fob, tenant_id=source.tenant_id)
    if alert is None:
        return PressOutcome(duplicate=False)
    since = press.time - emergencies.CANCEL_WINDOW
    if not uow.presses.made_within(alert.id, tenant_id=alert.tenant_id, since=since, until=press.time):
        return PressOutcome(duplicate=False)  # of a press that is not here yet, or of another day
    uow.presses.attach(press.id, tenant_id=alert.tenant_id, alert_id=alert.id)
    alert, changes = _mark_cancelled(alert, press.time, now=now, uow=uow)
    return PressOutcome(duplicate=False, alert=alert, changes=changes)


def _mark_cancelled(
    alert: emergencies.Alert, at: dt.datetime, *, now: dt.datetime, uow: ports.UnitOfWork
) -> tuple[emergencies.Alert, tuple[emergencies.AlertChange, ...]]:
    alert = emergencies.cancel_by_device(alert, at)
    uow.alerts.save(alert)
    uow.alerts.record(alert, emergencies.AlertChange.CANCELLED_BY_DEVICE, at=now)
    return alert, (emergencies.AlertChange.CANCELLED_BY_DEVICE,)

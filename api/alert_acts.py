"""What people do with alerts, as the web role; also with those that this release can't read whole. Blocking."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from api import alert_reader, lamp, shown
from db import engine, live_reads, unit_of_work, unread_alerts
from domain import accounts, emergencies, errors
from domain.operations import emergencies as emergency_operations

_REFUSED = (
    emergencies.AlertTransitionError,
    emergencies.ResolutionMissingError,
    emergency_operations.AlertNotFoundError,
)


class TextError(errors.DomainError):
    """A text has a character that no database keeps."""

    code = "bad_text"


class Done(NamedTuple):
    """An act that is committed."""

    word: lamp.Word
    shown: shown.Json  #: the alert, without the names around it


def acknowledge(source: sa.Engine, identity: accounts.Identity, alert_id: uuid.UUID, now: dt.datetime) -> Done:
    """Take an alert.

    Raises:
        AlertNotFoundError, AlertTransitionError: as of domain.operations.emergencies.
    """
    tenant_id, by, uow = identity.tenant_id, identity.name, _work(source, identity)
    try:
        return _done(
            identity,
            emergency_operations.acknowledge(tenant_id=tenant_id, alert_id=alert_id, by=by, now=now, uow=uow),
        )
    except _REFUSED:
        raise
    except alert_reader.BAD_ROW:
        return _move(source, identity, alert_id, to=emergencies.AlertState.ACKNOWLEDGED, now=now)


def resolve(source: sa.Engine, identity: accounts.Identity, alert_id: uuid.UUID, text: str, now: dt.datetime) -> Done:
    """Say how an alert ended.

    Raises:
        AlertNotFoundError, AlertTransitionError, ResolutionMissingError: as of domain.operations.emergencies.
        TextError: it has a NUL.
    """
    if "\0" in text:
        raise TextError("the text has a NUL character")
    tenant_id, by, uow = identity.tenant_id, identity.name, _work(source, identity)
    try:
        return _done(
            identity,
            emergency_operations.resolve(tenant_id=tenant_id, alert_id=alert_id, by=by, text=text, now=now, uow=uow),
        )
    except _REFUSED:
        raise
    except alert_reader.BAD_ROW:
        note = emergencies.resolution(text)
        return _move(source, identity, alert_id, to=emergencies.AlertState.RESOLVED, now=now, note=note)


def _move(
    source: sa.Engine,
    identity: accounts.Identity,
    alert_id: uuid.UUID,
    *,
    to: emergencies.AlertState,
    now: dt.datetime,
    note: str | None = None,
) -> Done:
    with engine.tenant_transaction(source, identity.tenant_id) as connection:
        found = unread_alerts.stub(connection, identity.tenant_id, alert_id)
        if found is None:
            raise emergency_operations.AlertNotFoundError(alert_id)
        may_move = emergencies.may_move(found["state"], to)
        if not may_move or not unread_alerts.change(connection, found, to=to, by=identity.name, now=now, note=note):
            raise emergencies.AlertTransitionError(found["state"], to, found["acknowledged_by"])
        return Done(_word(identity, found, to), shown.unread_alert({**found, "state": to}))


def _word(identity: accounts.Identity, found: Mapping[str, Any], state: emergencies.AlertState) -> lamp.Word:
    return lamp.Word(identity.tenant_slug, found["device_name"], found["fob"], found["id"], state, identity.name)


def _done(identity: accounts.Identity, alert: emergencies.Alert) -> Done:
    by = alert.resolved_by or alert.acknowledged_by
    word = lamp.Word(identity.tenant_slug, alert.device_name, alert.fob, alert.id, alert.state, by)
    return Done(word, shown.alert(live_reads.SeenAlert(alert=alert, device_id=None, who=None)))


def _work(source: sa.Engine, identity: accounts.Identity) -> unit_of_work.UnitOfWork:
    return unit_of_work.UnitOfWork(source, tenant_id=identity.tenant_id)

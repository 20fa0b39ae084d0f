"""The dispatcher's desk: what routes and pages read, and what they do to alerts. Blocking: call it in a thread.

Everything is of the identity's tenant; what another tenant has is not found.
"""

import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from api import alert_acts, alert_reader, lamp, shown
from db import alert_changes, audit, engine, live_reads, read_models, sender_log
from domain import accounts, emergencies, errors
from domain.operations import emergencies as emergency_operations

_log = logging.getLogger(__name__)
Json = dict[str, Any]
AlertChanged = Callable[[lamp.Word], None]
_MOST_EVENTS = 20
_MOST_CLAIMS = 200
LONGEST_TRAIL_MIN = 24 * 60
_AHEAD = dt.timedelta(days=1)
"""So far ahead fixes from the future are shown."""


class UnitNotFoundError(errors.DomainError):
    """The tenant has no such unit in service."""

    code = "device_not_found"

    def __init__(self, device_id: int) -> None:
        super().__init__(f"no unit {device_id}")


class Desk:
    """Reads and acts on one database as the web role; `changed` is told of each alert that somebody acted on."""

    def __init__(self, source: sa.Engine, changed: AlertChanged = lambda _word: None) -> None:
        self._engine, self._changed = source, changed
        self._alerts = alert_reader.AlertReader(source)

    def units(self, identity: accounts.Identity, now: dt.datetime, q: str = "") -> list[Json]:
        """The units whose name, label, vehicle or person holds `q`, the newest fix first."""
        with self._reading(identity) as connection:
            found = read_models.units(connection, identity.tenant_id)
        wanted = q.strip().casefold()
        return [shown.unit(unit, now) for unit in found if _matches(unit, wanted)]

    def unit_card(self, identity: accounts.Identity, device_id: int, now: dt.datetime) -> Json:
        """A unit with its battery, its version and its last events.

        Raises:
            UnitNotFoundError: this tenant has no such unit.
        """
        with self._reading(identity) as connection:
            found = _unit(connection, identity, device_id)
            status = live_reads.unit_status(connection, identity.tenant_id, device_id)
            events = live_reads.unit_events(connection, identity.tenant_id, device_id, most=_MOST_EVENTS)
        return {
            **shown.unit(found, now),
            "battery_pct": status["battery_pct"] if status else None,
            "version": status["version"] if status else None,
            "events": [_event(event) for event in events],
        }

    def claims(self, identity: accounts.Identity, device_id: int) -> list[Json]:
        """What a phone says of places of its user's, the newest first: claims, as our own geofences decide.

        Raises:
            UnitNotFoundError: this tenant has no such unit.
        """
        with self._reading(identity) as connection:
            _unit(connection, identity, device_id)
            found = sender_log.events_of(connection, identity.tenant_id, device_id, most=_MOST_CLAIMS)
        return [{**claim, "time": shown.instant(claim["time"])} for claim in found]

    def trail(
        self,
        identity: accounts.Identity,
        device_id: int,
        now: dt.datetime,
        minutes: int = 10,
        *,
        with_flagged: bool = False,
    ) -> list[Json]:
        """The fixes of the last minutes, the oldest first, each with the words of its flags; bad ones only on request.

        That they were read is in the audit (R59).

        Raises:
            UnitNotFoundError: this tenant has no such unit.
        """
        since = now - dt.timedelta(minutes=min(minutes, LONGEST_TRAIL_MIN))
        with self._reading(identity) as connection:
            unit = _unit(connection, identity, device_id)
            fixes = live_reads.unit_trail(
                connection,
                device_id,
                since=since,
                until=now + _AHEAD if with_flagged else now,
                with_flagged=with_flagged,
            )
            reader, what = audit.by_account(identity), f"device {unit.name}"
            audit.record(
                connection, identity.tenant_id, audit.Act.TRACK_READ, what, actor=reader, since=since, until=now
            )
        return [shown.fix(dict(fix)) for fix in fixes]

    def alerts(self, identity: accounts.Identity) -> list[Json]:
        """The unresolved alerts, the most urgent first; of one that can't be read whole, what can be."""
        identity.require(accounts.Permission.SEE_LIVE)
        return [json.loads(told.text) for told in self._alerts.read(identity.tenant_id)]

    def alert(self, identity: accounts.Identity, alert_id: uuid.UUID) -> Json:
        """An alert with its `history`.

        Raises:
            AlertNotFoundError: this tenant has no such alert.
        """
        try:
            with self._reading(identity) as connection:
                found = live_reads.seen_alert(connection, identity.tenant_id, alert_id)
                if found is not None:
                    changes = alert_changes.of_alerts(connection, identity.tenant_id, [alert_id])[alert_id]
                    return {**shown.alert(found), "history": [shown.change(each) for each in changes]}
        except alert_reader.BAD_ROW:
            if (told := self._alerts.stub(identity.tenant_id, alert_id)) is None:
                raise
            return {**json.loads(told.text), "history": []}
        raise emergency_operations.AlertNotFoundError(alert_id)

    def acknowledge(self, identity: accounts.Identity, alert_id: uuid.UUID, now: dt.datetime) -> Json:
        """Take an alert; it as it is then. Whoever has taken it before may say so again.

        Raises:
            AlertNotFoundError: this tenant has no such alert.
            AlertTransitionError: somebody was faster; the error says who.
            NotPermittedError: the role may not.
        """
        identity.require(accounts.Permission.HANDLE_ALERTS)
        try:
            done = alert_acts.acknowledge(self._engine, identity, alert_id, now)
        except emergencies.AlertTransitionError as error:
            if not error.is_repeat(identity.name):
                raise
            return self.alert(identity, alert_id)
        return self._done(identity, done)

    def resolve(self, identity: accounts.Identity, alert_id: uuid.UUID, text: str, now: dt.datetime) -> Json:
        """Say how an alert ended; it as it is then. Whoever has said so before may say it again.

        Raises:
            AlertNotFoundError: this tenant has no such alert.
            AlertTransitionError: somebody was faster; the error says who.
            ResolutionMissingError: the text is blank.
            TextError: no database can keep the text.
            NotPermittedError: the role may not.
        """
        identity.require(accounts.Permission.HANDLE_ALERTS)
        try:
            done = alert_acts.resolve(self._engine, identity, alert_id, text, now)
        except emergencies.AlertTransitionError as error:
            if not error.is_repeat(identity.name):
                raise
            found = self.alert(identity, alert_id)
            if found["resolution"] != text.strip():
                raise
            return found
        return self._done(identity, done)

    def _done(self, identity: accounts.Identity, done: alert_acts.Done) -> Json:
        """What was done stays done: a database that goes away now makes no error of it."""
        self._changed(done.word)
        try:
            return self.alert(identity, done.word.alert_id)
        except (sa.exc.SQLAlchemyError, *alert_reader.BAD_ROW) as error:
            _log.warning("alert %s is %s, and can't be read again: %s", done.word.alert_id, done.word.state, error)
            return {**done.shown, "history": []}

    def _reading(self, identity: accounts.Identity) -> Any:
        identity.require(accounts.Permission.SEE_LIVE)
        return engine.tenant_transaction(self._engine, identity.tenant_id)


def _unit(connection: sa.Connection, identity: accounts.Identity, device_id: int) -> read_models.Unit:
    unit = read_models.unit(connection, identity.tenant_id, device_id)
    if unit is None:
        raise UnitNotFoundError(device_id)
    return unit


def _matches(unit: read_models.Unit, wanted: str) -> bool:
    words: Sequence[str | None] = (unit.name, unit.label, unit.vehicle, unit.person)
    return not wanted or any(wanted in word.casefold() for word in words if word)


def _event(event: sa.RowMapping) -> Json:
    alert_id = str(event["alert_id"]) if event["alert_id"] else None
    told = {name: event[name] for name in ("kind", "text", "reason")}
    times = {name: shown.instant(event[name]) for name in ("time", "corrected_at")}
    return {**told, **times, "alert_id": alert_id}

"""The registries: devices, fobs, vehicles and people, who has what when, who is on duty. Blocking: call it in a thread."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import sqlalchemy as sa

from api import shown
from db import assignments, audit, duty, engine, live_reads, registries
from domain import accounts
from domain import assignments as rules

Json = dict[str, Any]
Add = Callable[[sa.Connection, uuid.UUID], assignments.Key]
LONGEST_TRACK = dt.timedelta(days=31)


class RegistryDesk:
    """Of the identity's tenant alone; what another tenant has is not found. What is done bears the name of who did it."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def listed(
        self, identity: accounts.Identity, kind: registries.Kind, now: dt.datetime, *, with_retired: bool = False
    ) -> list[Json]:
        """All of a kind with who or what has each now.

        Raises:
            NotPermittedError: the role may not look.
        """
        with self._reading(identity) as connection:
            found = registries.listed(connection, identity.tenant_id, kind, now=now, with_retired=with_retired)
        return [_shown(row) for row in found]

    def add(self, identity: accounts.Identity, kind: registries.Kind, name: str, add: Add) -> Json:
        """Register one of that name.

        Raises:
            NotPermittedError, ExistsError, RegistrationError: it can't be.
        """
        with self._managing(identity) as connection:
            key = add(connection, identity.tenant_id)
            _note(connection, identity, audit.Act.REGISTERED, registries.subject(kind, key, name), name=name)
        return {"code" if kind is registries.Kind.FOB else "id": _plain(key)}

    def retire(self, identity: accounts.Identity, kind: registries.Kind, name: str, now: dt.datetime) -> Json:
        """Take one out of service, with all that it has or that has it.

        Raises:
            NotPermittedError, NotFoundError: it can't be.
        """
        with self._managing(identity) as connection:
            key = registries.find(connection, identity.tenant_id, kind, name)
            ended = registries.retire(connection, identity.tenant_id, kind, key, at=now, by=identity.name)
            _note(connection, identity, audit.Act.RETIRED, registries.subject(kind, key, name), ended=ended)
        return {"ended_assignments": ended}

    def history(self, identity: accounts.Identity, kind: registries.Kind, name: str) -> list[Json]:
        """Who had it, or what it had, the newest first.

        Raises:
            NotPermittedError, NotFoundError: it can't be told.
        """
        with self._reading(identity) as connection:
            key = registries.find(connection, identity.tenant_id, kind, name, with_retired=True)
            book = registries.history(connection, identity.tenant_id, kind, key)
        return [_line(line) for line in book]

    def assign(
        self,
        identity: accounts.Identity,
        kind: rules.Thing,
        name: str,
        to: tuple[rules.Holder, uuid.UUID],
        *,
        since: dt.datetime,
        until: dt.datetime | None,
    ) -> Json:
        """Give it to a person or put it into a vehicle.

        Raises:
            NotPermittedError, NotFoundError, PairError, PeriodError, OverlapError: it can't be.
        """
        holder = assignments.Holder(kind=to[0], id=to[1])
        with self._managing(identity) as connection:
            key = registries.find(connection, identity.tenant_id, registries.Kind(kind), name)
            thing = assignments.Thing(kind=kind, key=key)
            has_changed = assignments.assign(
                connection, identity.tenant_id, thing, holder, since=since, until=until, by=identity.name
            )
            if has_changed:
                given = {"to": f"{to[0]} {to[1]}", "since": since, "until": until}
                what = registries.subject(registries.Kind(kind), key, name)
                _note(connection, identity, audit.Act.ASSIGNED, what, **given)
        return {"changed": has_changed}

    def release(
        self, identity: accounts.Identity, kind: rules.Thing, name: str, of: rules.Holder, at: dt.datetime
    ) -> Json:
        """End what its person or its vehicle has.

        Raises:
            NotPermittedError, NotFoundError, PeriodError: it can't be.
        """
        with self._managing(identity) as connection:
            key = registries.find(connection, identity.tenant_id, registries.Kind(kind), name)
            thing = assignments.Thing(kind=kind, key=key)
            has_changed = assignments.release(connection, identity.tenant_id, thing, of, at=at, by=identity.name)
            if has_changed:
                what = registries.subject(registries.Kind(kind), key, name)
                _note(connection, identity, audit.Act.RELEASED, what, of=str(of), until=at)
        return {"changed": has_changed}

    def set_duty(self, identity: accounts.Identity, person_id: uuid.UUID, at: dt.datetime, *, on: bool) -> Json:
        """Say that a person's duty begins or ends.

        Raises:
            NotPermittedError, NotFoundError, PeriodError, OverlapError: it can't be.
        """
        with self._managing(identity) as connection:
            change = duty.begin if on else duty.end
            has_changed = change(connection, identity.tenant_id, person_id, at=at, by=identity.name)
            if has_changed:
                act = audit.Act.DUTY_BEGUN if on else audit.Act.DUTY_ENDED
                _note(connection, identity, act, f"person {person_id}", at=at)
        return {"changed": has_changed, "on_duty": on}

    def duty(self, identity: accounts.Identity, person_id: uuid.UUID) -> list[Json]:
        """When a person was on duty, the newest first.

        Raises:
            NotFoundError: this tenant never had such a person.
        """
        with self._reading(identity) as connection:
            _find_person(connection, identity, person_id)
            found = duty.periods(connection, identity.tenant_id, person_id)
        return [_shown(row) for row in found]

    def track(
        self, identity: accounts.Identity, person_id: uuid.UUID, since: dt.datetime, until: dt.datetime
    ) -> list[Json]:
        """Where a person was, by the devices that they had then (R62); that it was read is in the audit, with who did (R59).

        Raises:
            NotFoundError: this tenant never had such a person.
            PeriodError: it ends before it begins, or is too long.
        """
        rules.require_period(since, until)
        if until - since > LONGEST_TRACK:
            raise rules.PeriodError(f"at most {LONGEST_TRACK.days} days at a time")
        with self._reading(identity) as connection:
            _find_person(connection, identity, person_id)
            parts = live_reads.track_of_person(connection, identity.tenant_id, person_id, since=since, until=until)
            found = [
                {**shown.fix(dict(fix)), "device": part.name}
                for part in parts
                for fix in live_reads.unit_trail(connection, part.device_id, since=part.since, until=part.until)
            ]
            _note(connection, identity, audit.Act.TRACK_READ, f"person {person_id}", since=since, until=until)
        return found

    def duty_only(self, identity: accounts.Identity) -> Json:
        """Whether the positions of people on duty alone are kept."""
        with self._reading(identity) as connection:
            return {"duty_only": duty.is_only_on_duty(connection, identity.tenant_id)}

    def set_duty_only(self, identity: accounts.Identity, *, only: bool) -> Json:
        """Switch it.

        Raises:
            NotPermittedError: it is for administrators.
        """
        identity.require(accounts.Permission.MANAGE_ACCOUNTS)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            duty.keep_only_on_duty(connection, identity.tenant_id, only=only)
            _note(connection, identity, audit.Act.DUTY_ONLY_SET, "tenant", only=only)
        return {"duty_only": only}

    def _reading(self, identity: accounts.Identity) -> AbstractContextManager[sa.Connection]:
        identity.require(accounts.Permission.SEE_LIVE)
        return engine.tenant_transaction(self._engine, identity.tenant_id)

    def _managing(self, identity: accounts.Identity) -> AbstractContextManager[sa.Connection]:
        identity.require(accounts.Permission.MANAGE_DEVICES)
        return engine.tenant_transaction(self._engine, identity.tenant_id)


def _find_person(connection: sa.Connection, identity: accounts.Identity, person_id: uuid.UUID) -> None:
    registries.find(connection, identity.tenant_id, registries.Kind.PERSON, str(person_id), with_retired=True)


def _note(
    connection: sa.Connection, identity: accounts.Identity, act: audit.Act, subject: str, **detail: object
) -> None:
    audit.record(connection, identity.tenant_id, act, subject, actor=audit.by_account(identity), **detail)


def _shown(row: Mapping[str, Any]) -> Json:
    return {name: _plain(value) for name, value in row.items()}


def _line(line: assignments.Assignment) -> Json:
    return {
        "device": line.device,
        "fob": line.fob,
        "person_id": _plain(line.person_id),
        "person": line.person,
        "vehicle": line.vehicle,
        "since": shown.instant(line.since),
        "until": shown.instant(line.until),
        "assigned_by": line.assigned_by,
        "ended_by": line.ended_by,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return shown.instant(value)
    return str(value) if isinstance(value, uuid.UUID) else value

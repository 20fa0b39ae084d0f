"""Who has which device, fob and vehicle, from when to when (R62); every call names its tenant, whatever the role."""

import contextlib
import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
import uuid_utils.compat

from db import queries, tables
from domain import assignments

Key = int | str | uuid.UUID
_row = tables.assignment
_TABLES = {
    assignments.Thing.DEVICE: (tables.device, tables.device.c.id, _row.c.device_id),
    assignments.Thing.FOB: (tables.fob, tables.fob.c.code, _row.c.fob_code),
    assignments.Thing.PERSON: (tables.person, tables.person.c.id, _row.c.person_id),
}
_HOLDERS = {
    assignments.Holder.PERSON: (tables.person, _row.c.person_id),
    assignments.Holder.VEHICLE: (tables.vehicle, _row.c.vehicle_id),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is had: a device by its number, a fob by its code, a person (of a crew) by its id."""

    kind: assignments.Thing
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who or what has it."""

    kind: assignments.Holder
    id: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A line of the book; of `device`, `fob`, `person` and `vehicle` two are named."""

    id: uuid.UUID
    device: str | None
    fob: str | None
    person_id: uuid.UUID | None
    person: str | None
    vehicle: str | None
    since: dt.datetime
    until: dt.datetime | None
    assigned_by: str
    ended_by: str | None


def assign(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    thing: Thing,
    holder: Holder,
    *,
    since: dt.datetime,
    by: str,
    until: dt.datetime | None = None,
) -> bool:
    """Give a thing to a holder from a time on; who had it then has it until then. False where the holder has it already.

    Raises:
        NotFoundError: one of them is not there or out of service.
        PairError, PeriodError: it makes no sense.
        OverlapError: it is somebody else's later within that time.
    """
    assignments.require_pair(thing.kind, holder.kind)
    assignments.require_period(since, until)
    _lock(connection, tenant_id, thing, holder)
    column = _HOLDERS[holder.kind][1]
    before = connection.execute(_held(tenant_id, thing, holder.kind, at=since)).one_or_none()
    if before is not None and before.until == until and getattr(before, column.name) == holder.id:
        return False
    given = {column.name: holder.id, "until": until, "assigned_by": by, "ended_by": None}
    with _refused_overlap(connection, thing):
        if before is not None and before.since == since:
            connection.execute(_change(tenant_id, before.id).values(given))
            return True
        if before is not None:
            connection.execute(_change(tenant_id, before.id).values(until=since, ended_by=by))
        own = {"tenant_id": tenant_id, "id": uuid_utils.compat.uuid7(), _TABLES[thing.kind][2].name: thing.key}
        connection.execute(sa.insert(_row).values(**own, **given, since=since))
    return True


def release(
    connection: sa.Connection, tenant_id: uuid.UUID, thing: Thing, kind: assignments.Holder, *, at: dt.datetime, by: str
) -> bool:
    """End what a thing's holder of this kind has at a time; False where there is none.

    Raises:
        PeriodError: it began at that very time.
    """
    _lock(connection, tenant_id, thing)
    before = connection.execute(_held(tenant_id, thing, kind, at=at)).one_or_none()
    if before is None:
        return False
    assignments.require_period(before.since, at)
    connection.execute(_change(tenant_id, before.id).values(until=at, ended_by=by))
    return True


def end_all(connection: sa.Connection, tenant_id: uuid.UUID, column: str, key: Key, *, at: dt.datetime, by: str) -> int:
    """End all that is so of a device, a fob, a person or a vehicle, by its column here; how many that were.

    What was to begin later never is: it is over the moment after it begins.
    """
    goes_on = sa.or_(_row.c.until.is_(None), _row.c.until > at)
    end = sa.func.greatest(sa.literal(at), _row.c.since + dt.timedelta(microseconds=1))
    statement = sa.update(_row).where(_row.c.tenant_id == tenant_id, _row.c[column] == key, goes_on)
    return connection.execute(statement.values(until=end, ended_by=by)).rowcount


def history(connection: sa.Connection, tenant_id: uuid.UUID, column: str, key: Key) -> Sequence[Assignment]:
    """All that ever was of a device, a fob, a person or a vehicle, the newest first."""
    names = [field.name for field in dataclasses.fields(Assignment)]
    wanted = {name: key if name == column else None for name in ("device_id", "fob_code", "person_id", "vehicle_id")}
    rows = connection.exec_driver_sql(queries.get("assignments_of"), {"tenant_id": tenant_id, **wanted}).mappings()
    return [Assignment(**{name: row[name] for name in names}) for row in rows]


def _held(tenant_id: uuid.UUID, thing: Thing, kind: assignments.Holder, *, at: dt.datetime) -> sa.Select[tuple[object]]:
    return sa.select(_row).where(
        _row.c.tenant_id == tenant_id,
        _TABLES[thing.kind][2] == thing.key,
        _HOLDERS[kind][1].is_not(None),
        _row.c.since <= at,
        sa.or_(_row.c.until.is_(None), _row.c.until > at),
    )


def _change(tenant_id: uuid.UUID, assignment_id: uuid.UUID) -> sa.Update:
    return sa.update(_row).where(_row.c.tenant_id == tenant_id, _row.c.id == assignment_id)


def _lock(connection: sa.Connection, tenant_id: uuid.UUID, thing: Thing, holder: Holder | None = None) -> None:
    """Of two who give one thing away at once the later waits and sees what the first has done; nothing retires meanwhile."""
    table, key, _ = _TABLES[thing.kind]
    wanted: list[tuple[sa.Table, sa.ColumnElement[bool], object]] = [(table, key == thing.key, thing.key)]
    if holder is not None:
        other = _HOLDERS[holder.kind][0]
        wanted.append((other, other.c.id == holder.id, holder.id))
    for place, condition, name in wanted:
        query = sa.select(place.c.tenant_id).where(place.c.tenant_id == tenant_id, condition)
        if holder is not None:
            query = query.where(place.c.retired_at.is_(None))
        if connection.execute(query.with_for_update(key_share=True)).one_or_none() is None:
            raise assignments.NotFoundError(f"no {place.name} {name} in service")


@contextlib.contextmanager
def _refused_overlap(connection: sa.Connection, thing: Thing) -> Iterator[None]:
    """Say in our words what the exclusion constraints refuse."""
    try:
        with connection.begin_nested():
            yield
    except sa.exc.IntegrityError as error:
        if not isinstance(error.orig, psycopg.errors.ExclusionViolation):
            raise
        raise assignments.OverlapError(
            f"{thing.kind} {thing.key} is assigned within that time already: say until when"
        ) from None

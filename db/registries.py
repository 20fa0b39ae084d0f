"""What a tenant has registered: devices, fobs, vehicles and people. Each call names its tenant, whatever the role."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects import postgresql

from db import assignments, duty, queries, tables
from db.tables import registry as registry_tables
from domain import assignments as rules
from domain import errors
from domain.wire import topics

LONGEST_NAME = 200


class Kind(StrEnum):
    """A registry."""

    DEVICE = "device"
    FOB = "fob"
    VEHICLE = "vehicle"
    PERSON = "person"


class ExistsError(errors.DomainError):
    """There is one of that name in service already."""

    code = "already_there"


class RegistrationError(errors.DomainError):
    """It can't be registered like this."""

    code = "bad_registration"


_TABLES = {
    Kind.DEVICE: (tables.device, tables.device.c.id, "device_id"),
    Kind.FOB: (tables.fob, tables.fob.c.code, "fob_code"),
    Kind.VEHICLE: (tables.vehicle, tables.vehicle.c.id, "vehicle_id"),
    Kind.PERSON: (tables.person, tables.person.c.id, "person_id"),
}
_LISTS = {
    Kind.DEVICE: "registry_devices",
    Kind.FOB: "registry_fobs",
    Kind.VEHICLE: "registry_vehicles",
    Kind.PERSON: "registry_people",
}


def listed(
    connection: sa.Connection, tenant_id: uuid.UUID, kind: Kind, *, now: dt.datetime, with_retired: bool = False
) -> Sequence[Mapping[str, Any]]:
    """All of a kind with who or what has each now, by name."""
    given = {"tenant_id": tenant_id, "now": now, "with_retired": with_retired}
    return [dict(row) for row in connection.exec_driver_sql(queries.get(_LISTS[kind]), given).mappings()]


def find(
    connection: sa.Connection, tenant_id: uuid.UUID, kind: Kind, name: str, *, with_retired: bool = False
) -> assignments.Key:
    """The key of one: of a device or vehicle by its name, of a fob by its code, of a person by id or whole name.

    Raises:
        NotFoundError: there is none.
        AmbiguousNameError: several people have that name; say which by its id.
    """
    table, key, _ = _TABLES[kind]
    if not name.isprintable():  # the database knows no text with NUL
        raise rules.NotFoundError(f"no {kind} of that name in service")
    query = sa.select(key).where(table.c.tenant_id == tenant_id, _is_called(kind, name))
    if not with_retired:
        query = query.where(table.c.retired_at.is_(None))
    found = list(connection.scalars(query))
    if not found:
        raise rules.NotFoundError(f"no {kind} {name!r} in service")
    if len(found) > 1:
        raise rules.AmbiguousNameError(f"{len(found)} people are called {name!r}: say which, by the id")
    only: assignments.Key = found[0]
    return only


def add_device(
    connection: sa.Connection, tenant_id: uuid.UUID, name: str, *, kind: str = "tracker", label: str | None = None
) -> int:
    """Register a device, or put it into service again; its number.

    Raises:
        ExistsError, RegistrationError, TopicError: it is there, or can't be like this.
    """
    row = {"name": topics.require_segment(name), "kind": _one_of(kind, tables.DEVICE_KINDS), "label": _text(label)}
    statement = postgresql.insert(tables.device).values(**row, tenant_id=tenant_id, uid=uuid_utils.compat.uuid7())
    return int(_add(connection, statement, tables.device, "name", row, tables.device.c.id))


def add_fob(connection: sa.Connection, tenant_id: uuid.UUID, code: str) -> str:
    """Register a fob, or put it into service again; its code.

    Raises:
        ExistsError, RegistrationError: it is there, or can't be like this.
    """
    row = {"code": _name(code)}
    statement = postgresql.insert(tables.fob).values(**row, tenant_id=tenant_id)
    return str(_add(connection, statement, tables.fob, "code", row, tables.fob.c.code))


def add_vehicle(
    connection: sa.Connection, tenant_id: uuid.UUID, name: str, *, kind: str = "car", plate: str | None = None
) -> uuid.UUID:
    """Register a vehicle, or put it into service again; its id.

    Raises:
        ExistsError, RegistrationError: it is there, or can't be like this.
    """
    row = {"name": _name(name), "kind": _one_of(kind, registry_tables.VEHICLE_KINDS), "plate": _text(plate)}
    statement = postgresql.insert(tables.vehicle).values(**row, tenant_id=tenant_id, id=uuid_utils.compat.uuid7())
    made: uuid.UUID = _add(connection, statement, tables.vehicle, "name", row, tables.vehicle.c.id)
    return made


def add_person(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    first_name: str,
    last_name: str,
    *,
    kind: str,
    phone: str | None = None,
) -> uuid.UUID:
    """Register a person; their id. Two of one name are two.

    Raises:
        RegistrationError: it can't be like this.
    """
    row = {"first_name": _name(first_name), "last_name": _name(last_name), "phone": _text(phone)}
    made: uuid.UUID = uuid_utils.compat.uuid7()
    of_kind = {"kind": _one_of(kind, registry_tables.PERSON_KINDS)}
    connection.execute(sa.insert(tables.person).values(**row, **of_kind, tenant_id=tenant_id, id=made))
    return made


def retire(
    connection: sa.Connection, tenant_id: uuid.UUID, kind: Kind, key: assignments.Key, *, at: dt.datetime, by: str
) -> int:
    """Take one out of service with all that it has or that has it; what was stays. How many assignments end.

    Raises:
        NotFoundError: none of that key is in service.
    """
    table, column, assigned_as = _TABLES[kind]
    statement = sa.update(table).where(table.c.tenant_id == tenant_id, column == key, table.c.retired_at.is_(None))
    if connection.execute(statement.values(retired_at=at)).rowcount != 1:
        raise rules.NotFoundError(f"no {kind} {key} in service")
    if kind is Kind.PERSON:
        assert isinstance(key, uuid.UUID)
        duty.end_all(connection, tenant_id, key, at=at, by=by)
    return assignments.end_all(connection, tenant_id, assigned_as, key, at=at, by=by)


def subject(kind: Kind, key: assignments.Key, name: str) -> str:
    """What the audit calls one: people by id, since two may have one name, the others by what people call them."""
    return f"{kind} {key if kind is Kind.PERSON else name}"


def history(
    connection: sa.Connection, tenant_id: uuid.UUID, kind: Kind, key: assignments.Key
) -> Sequence[assignments.Assignment]:
    """Who had it, or what it had, the newest first."""
    return assignments.history(connection, tenant_id, _TABLES[kind][2], key)


def _is_called(kind: Kind, name: str) -> sa.ColumnElement[bool]:
    if kind is Kind.FOB:
        return tables.fob.c.code == name
    if kind is not Kind.PERSON:
        column: sa.ColumnElement[str] = _TABLES[kind][0].c.name
        return column == name
    person = tables.person
    try:
        return person.c.id == uuid.UUID(name)
    except ValueError:
        whole = person.c.first_name + " " + person.c.last_name
        return sa.func.lower(whole) == " ".join(name.split()).lower()


def _add(
    connection: sa.Connection,
    statement: postgresql.Insert,
    table: sa.Table,
    unique: str,
    row: Mapping[str, object],
    returned: sa.ColumnElement[Any],
) -> Any:
    again = {name: value for name, value in row.items() if name != unique}
    statement = statement.on_conflict_do_update(
        index_elements=["tenant_id", unique], set_={**again, "retired_at": None}, where=table.c.retired_at.is_not(None)
    )
    made = connection.scalar(statement.returning(returned))
    if made is None:
        raise ExistsError(f"there is a {table.name} {row[unique]!r} already")
    return made


def _one_of(word: str, words: Sequence[str]) -> str:
    if word not in words:
        raise RegistrationError(f"{word!r} is none of the kinds {', '.join(words)}")
    return word


def _name(text: str) -> str:
    found = _text(text)
    if found is None:
        raise RegistrationError("a name is missing")
    return found


def _text(text: str | None) -> str | None:
    found = " ".join((text or "").split())
    if len(found) > LONGEST_NAME or not found.isprintable():
        raise RegistrationError(f"{found[:40]!r} is too long, or holds what nobody can read")
    return found or None

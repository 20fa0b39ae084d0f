"""Geofences as people write them: a tenant's list, and whom each looks at."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects import postgresql

from db import errors, fence_rows, queries, tables
from domain import errors as domain_errors
from domain import fences

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whom a fence looks at, by names; nobody named stands for all devices of the tenant."""

    devices: tuple[str, ...] = ()
    vehicles: tuple[str, ...] = ()
    people: tuple[uuid.UUID, ...] = ()
    groups: tuple[str, ...] = ()


ALL = Whom()


def form_of_whom(named: Whom) -> dict[str, list[str]]:
    """As JSON has it."""
    return {
        "devices": list(named.devices),
        "vehicles": list(named.vehicles),
        "people": [str(person) for person in named.people],
        "groups": list(named.groups),
    }


def load_active(connection: sa.Connection) -> list[fences.Geofence]:
    """Every fence that is watched, of all tenants that the connection may see."""
    rows = connection.exec_driver_sql(queries.get("watched_fences")).mappings()
    return [fence_rows.fence_of(dict(row)) for row in rows]


def of_tenant(connection: sa.Connection, tenant_id: uuid.UUID) -> list[fences.Geofence]:
    """The fences that a tenant watches, by name; one that was written by hand and can't be read is left out, and logged."""
    found = []
    for row in connection.exec_driver_sql(queries.get("fence_list"), {"tenant_id": tenant_id}).mappings():
        try:
            found.append(fence_rows.fence_of(dict(row)))
        except domain_errors.DomainError as error:
            logger.error("geofence %s can't be read: %s", row["id"], error)  # noqa: TRY400 - no trace for people
    return found


def hold(connection: sa.Connection, fence_id: uuid.UUID, *, tenant_id: uuid.UUID) -> bool:
    """Keep others from changing a fence until the transaction ends; False where no such fence is watched."""
    fence = tables.geofence
    query = sa.select(fence.c.id).where(fence.c.tenant_id == tenant_id, fence.c.id == fence_id, fence.c.active)
    return connection.execute(query.with_for_update()).first() is not None


def save(connection: sa.Connection, fence: fences.Geofence, *, active: bool = True) -> None:
    """Write a fence, new or changed.

    Raises:
        DatabaseError: its outline crosses itself or isn't one, the message says where; or another fence has its name.
    """
    row = {**fence_rows.row_of(fence), "active": active}
    for name in ("schedule", "rules"):
        row[name] = sa.cast(sa.literal(row[name]), postgresql.JSONB)
    statement = postgresql.insert(tables.geofence).values(tenant_id=fence.tenant_id, id=fence.id, **row)
    try:
        with connection.begin_nested():
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["tenant_id", "id"], set_={**row, "updated_at": sa.func.now()}
                )
            )
    except sa.exc.IntegrityError as error:
        raise errors.DatabaseError(_why_refused(error, fence)) from None


def deactivate(connection: sa.Connection, fence_id: uuid.UUID, *, tenant_id: uuid.UUID) -> bool:
    """Watch a fence no more, what happened at it stays; False where no such fence is watched."""
    fence = tables.geofence
    statement = (
        sa.update(fence)
        .where(fence.c.tenant_id == tenant_id, fence.c.id == fence_id, fence.c.active)
        .values(active=False)
    )
    return connection.execute(statement).rowcount == 1


def whom(connection: sa.Connection, tenant_id: uuid.UUID) -> Mapping[uuid.UUID, Whom]:
    """Whom a tenant's fences look at, of those that don't look at all."""
    found: dict[uuid.UUID, dict[str, list[object]]] = {}
    for row in connection.exec_driver_sql(queries.get("fence_assignments"), {"tenant_id": tenant_id}).mappings():
        of_fence = found.setdefault(row["geofence_id"], {"devices": [], "vehicles": [], "people": [], "groups": []})
        for name, column in (
            ("devices", "device"),
            ("vehicles", "vehicle"),
            ("people", "person"),
            ("groups", "group_name"),
        ):
            if row[column] is not None:
                of_fence[name].append(row[column])
    return {
        fence_id: Whom(**{name: tuple(values) for name, values in named.items()})  # type: ignore[arg-type]
        for fence_id, named in found.items()
    }


def assign(connection: sa.Connection, fence_id: uuid.UUID, named: Whom, *, tenant_id: uuid.UUID) -> None:
    """Let a fence look at these and no others.

    Raises:
        DatabaseError: the tenant has no device, vehicle, person or group of a name.
    """
    assignment = tables.geofence_assignment
    rows = [
        *_rows(connection, tenant_id, tables.device, "device_id", named.devices),
        *_rows(connection, tenant_id, tables.vehicle, "vehicle_id", named.vehicles),
        *_rows(connection, tenant_id, tables.person, "person_id", named.people, by="id"),
        *_rows(connection, tenant_id, tables.device_group, "group_id", named.groups),
    ]
    _end(connection, assignment, tenant_id, assignment.c.geofence_id == fence_id)
    for row in rows:
        given = {"tenant_id": tenant_id, "id": uuid_utils.compat.uuid7(), "geofence_id": fence_id, **row}
        statement = postgresql.insert(assignment).values(**given)
        connection.execute(
            statement.on_conflict_do_update(constraint="uq_geofence_assignment_whom", set_={"active": True})
        )


def save_group(connection: sa.Connection, name: str, devices: Sequence[str], *, tenant_id: uuid.UUID) -> uuid.UUID:
    """Make a group of devices these; its id.

    Raises:
        DatabaseError: the tenant has no device of a name.
    """
    group, member = tables.device_group, tables.device_group_member
    found = _rows(connection, tenant_id, tables.device, "device_id", tuple(devices))
    known = connection.scalar(sa.select(group.c.id).where(group.c.tenant_id == tenant_id, group.c.name == name))
    group_id: uuid.UUID = known or uuid_utils.compat.uuid7()
    if known is None:
        connection.execute(sa.insert(group).values(tenant_id=tenant_id, id=group_id, name=name))
    _end(connection, member, tenant_id, member.c.group_id == group_id)
    for row in found:
        statement = postgresql.insert(member).values(tenant_id=tenant_id, group_id=group_id, **row)
        key = ["tenant_id", "group_id", "device_id"]
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"active": True}))
    return group_id


def _end(connection: sa.Connection, table: sa.Table, tenant_id: uuid.UUID, condition: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.update(table).where(table.c.tenant_id == tenant_id, condition).values(active=False))


def _rows(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    table: sa.Table,
    column: str,
    wanted: Sequence[object],
    *,
    by: str = "name",
) -> list[dict[str, object]]:
    if not wanted:
        return []
    key = table.c[by]
    statement = sa.select(key, table.c.id).where(table.c.tenant_id == tenant_id, key.in_(wanted))
    found = {row[0]: row[1] for row in connection.execute(statement)}
    missing = [str(name) for name in wanted if name not in found]
    if missing:
        raise errors.DatabaseError(f"no {table.name.replace('_', ' ')} {', '.join(missing)}")
    return [{column: found[name]} for name in dict.fromkeys(wanted)]


def _why_refused(error: sa.exc.IntegrityError, fence: fences.Geofence) -> str:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint == "uq_geofence_tenant_id_name":
        return f"there is a geofence {fence.name!r} already"
    if constraint == "ck_geofence_kind":
        return f"no kind of geofence is called {fence.kind!r}: {', '.join(tables.GEOFENCE_KINDS)}"
    return f"geofence {fence.name}: the database refuses it: {error.orig}"

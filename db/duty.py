"""Who is on duty, and which tenants keep the positions of people on duty alone (R59)."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
import uuid_utils.compat

from db import queries, tables
from domain import assignments, duty

_row = tables.duty_period


def begin(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID, *, at: dt.datetime, by: str) -> bool:
    """A person is on duty from now on; False where they are already.

    Raises:
        NotFoundError: the tenant has no such person in service.
        OverlapError: they are on duty again later; that must begin later or end earlier.
    """
    assignments.require_period(at, None)
    _lock(connection, tenant_id, person_id)
    if connection.execute(_on_duty(tenant_id, person_id, at)).one_or_none() is not None:
        return False
    row = {"tenant_id": tenant_id, "id": uuid_utils.compat.uuid7(), "person_id": person_id}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(_row).values(**row, since=at, begun_by=by))
    except sa.exc.IntegrityError as error:
        if not isinstance(error.orig, psycopg.errors.ExclusionViolation):
            raise
        raise assignments.OverlapError(f"person {person_id} is on duty later as well") from None
    return True


def end(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID, *, at: dt.datetime, by: str) -> bool:
    """A person is off duty from now on; False where they are already.

    Raises:
        NotFoundError: the tenant has no such person in service.
        PeriodError: they are on duty since that very time.
    """
    _lock(connection, tenant_id, person_id)
    found = connection.execute(_on_duty(tenant_id, person_id, at)).one_or_none()
    if found is None:
        return False
    assignments.require_period(found.since, at)
    connection.execute(
        sa.update(_row).where(_row.c.tenant_id == tenant_id, _row.c.id == found.id).values(until=at, ended_by=by)
    )
    return True


def end_all(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID, *, at: dt.datetime, by: str) -> None:
    """End whatever duty a person has or was to have; what was to begin later is over the moment after it begins."""
    goes_on = sa.or_(_row.c.until.is_(None), _row.c.until > at)
    end = sa.func.greatest(sa.literal(at), _row.c.since + dt.timedelta(microseconds=1))
    statement = sa.update(_row).where(_row.c.tenant_id == tenant_id, _row.c.person_id == person_id, goes_on)
    connection.execute(statement.values(until=end, ended_by=by))


def periods(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """When a person was on duty, the newest first: since, until, begun_by, ended_by."""
    columns = (_row.c.since, _row.c.until, _row.c.begun_by, _row.c.ended_by)
    own = (_row.c.tenant_id == tenant_id, _row.c.person_id == person_id)
    query = sa.select(*columns).where(*own).order_by(_row.c.since.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def keep_only_on_duty(connection: sa.Connection, tenant_id: uuid.UUID, *, only: bool) -> None:
    """Switch a tenant's duty-only storage; what is stored already stays."""
    connection.execute(sa.update(tables.tenant).where(tables.tenant.c.id == tenant_id).values(duty_only=only))


def is_only_on_duty(connection: sa.Connection, tenant_id: uuid.UUID) -> bool:
    """Whether a tenant keeps the positions of people on duty alone."""
    return bool(connection.scalar(sa.select(tables.tenant.c.duty_only).where(tables.tenant.c.id == tenant_id)))


def duty_only_tenants(connection: psycopg.Connection[Any]) -> frozenset[uuid.UUID]:
    """The tenants that keep the positions of people on duty alone."""
    rows = connection.execute(queries.get("duty_only_tenants").encode())
    return frozenset(tenant_id for (tenant_id,) in rows)


def load_held(
    connection: psycopg.Connection[Any], device_ids: Sequence[int], *, since_us: int, until_us: int
) -> Mapping[int, list[duty.Held]]:
    """Who has these devices within a time, and when they are on duty; of duty-only tenants. `until_us` is included."""
    given = {"device_id": list(device_ids), "since_us": since_us, "until_us": until_us}
    found: dict[int, dict[tuple[object, ...], list[duty.Period]]] = {}
    for device_id, person_id, *times in connection.execute(queries.get("duty_of_devices").encode(), given):
        of_device = found.setdefault(device_id, {})
        periods_of = of_device.setdefault((person_id, times[0], times[1]), [])
        if times[2] is not None:
            periods_of.append(_period(times[2], times[3]))
    return {
        device_id: [duty.Held(during=_period(*during), duty=on_duty) for (_, *during), on_duty in of_device.items()]
        for device_id, of_device in found.items()
    }


def _period(since_us: Any, until_us: Any) -> duty.Period:
    return duty.Period(since_us=since_us, until_us=duty.ALWAYS_US if until_us is None else until_us)


def _on_duty(tenant_id: uuid.UUID, person_id: uuid.UUID, at: dt.datetime) -> sa.Select[tuple[object]]:
    return sa.select(_row).where(
        _row.c.tenant_id == tenant_id,
        _row.c.person_id == person_id,
        _row.c.since <= at,
        sa.or_(_row.c.until.is_(None), _row.c.until > at),
    )


def _lock(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID) -> None:
    person = tables.person
    query = sa.select(person.c.id).where(
        person.c.tenant_id == tenant_id, person.c.id == person_id, person.c.retired_at.is_(None)
    )
    if connection.execute(query.with_for_update(key_share=True)).one_or_none() is None:
        raise assignments.NotFoundError(f"no person {person_id} in service")

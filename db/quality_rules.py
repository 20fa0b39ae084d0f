"""What tenants have set about the truth of fixes; the rules themselves are in domain.fix_quality."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db import errors, queries, tables
from domain import fix_quality

NAMES = tuple(field.name for field in dataclasses.fields(fix_quality.Thresholds))


def load(connection: psycopg.Connection[Any]) -> dict[tuple[uuid.UUID, str], fix_quality.Thresholds]:
    """The thresholds of every tenant and kind of device for which something is set."""
    rows = connection.execute(queries.get("load_quality_rules").encode())
    return {
        (tenant_id, kind): _thresholds(kind, dict(zip(NAMES, told, strict=True))) for tenant_id, kind, *told in rows
    }


def of_tenant(connection: sa.Connection, tenant_id: uuid.UUID) -> dict[str, fix_quality.Thresholds]:
    """The thresholds of each kind of device, as they hold for a tenant."""
    rule = tables.quality_rule
    rows = connection.execute(sa.select(rule).where(rule.c.tenant_id == tenant_id)).mappings()
    told = {row["kind"]: {name: row[name] for name in NAMES} for row in rows}
    return {kind: _thresholds(kind, told.get(kind, {})) for kind in fix_quality.DEFAULTS}


def change(
    connection: sa.Connection, tenant_id: uuid.UUID, kind: str, changes: dict[str, float | dt.datetime | None]
) -> None:
    """Set thresholds of a tenant's devices of a kind; None takes the default again, what isn't named stays."""
    insert = postgresql.insert(tables.quality_rule).values(tenant_id=tenant_id, kind=kind, **changes)
    connection.execute(insert.on_conflict_do_update(index_elements=["tenant_id", "kind"], set_=changes))


def flagged(
    connection: sa.Connection, tenant_id: uuid.UUID, name: str, *, since: dt.datetime, most: int
) -> Sequence[sa.RowMapping]:
    """The fixes of a device that are left out of everything, the newest first, and how they were received.

    Raises:
        DatabaseError: the tenant has no such device.
    """
    device = tables.device
    device_id = connection.scalar(sa.select(device.c.id).where(device.c.tenant_id == tenant_id, device.c.name == name))
    if device_id is None:
        raise errors.DatabaseError(f"no device {name!r}")
    given = {"device_id": device_id, "since": since, "flags": int(fix_quality.BAD), "most": most}
    return connection.exec_driver_sql(queries.get("flagged_fixes"), given).mappings().all()


def odd_receipts(
    connection: sa.Connection, tenant_id: uuid.UUID, *, since: dt.date, most: int
) -> Sequence[sa.RowMapping]:
    """What was odd about receipts: name, duplicates, out_of_order, late, future of each device that has any."""
    given = {"tenant_id": tenant_id, "since": since, "most": most}
    return connection.exec_driver_sql(queries.get("odd_receipts"), given).mappings().all()


def _thresholds(kind: str, told: dict[str, Any]) -> fix_quality.Thresholds:
    return dataclasses.replace(
        fix_quality.DEFAULTS[kind], **{name: value for name, value in told.items() if value is not None}
    )

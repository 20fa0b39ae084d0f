"""Alerts that this release can't read whole, such as those of a newer one: the plain columns that show them, and acts on them.

Run it in `engine.tenant_transaction`; the queries name the tenant themselves.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db import queries, tables
from domain import emergencies


def stub(connection: sa.Connection, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> Mapping[str, Any] | None:
    """What can always be read of an unresolved alert; None where there is none."""
    given = {"tenant_id": tenant_id, "alert_id": alert_id}
    row = connection.exec_driver_sql(queries.get("unread_alert"), given).mappings().one_or_none()
    return None if row is None else dict(row)


def change(
    connection: sa.Connection,
    alert: Mapping[str, Any],
    *,
    to: emergencies.AlertState,
    by: str,
    now: dt.datetime,
    note: str | None = None,
) -> bool:
    """Move an alert that `stub` found, and say so in its history; False where it has moved meanwhile."""
    values = {"state": to, f"{to}_at": now, f"{to}_by": by}
    if note is not None:
        values["resolution"] = note
    it = tables.alert
    key = (it.c.tenant_id == alert["tenant_id"], it.c.id == alert["id"], it.c.state == alert["state"])
    moved = connection.execute(sa.update(it).where(*key).values(**values)).rowcount
    if moved:
        row = {"tenant_id": alert["tenant_id"], "alert_id": alert["id"], "change": emergencies.AlertChange(to)}
        connection.execute(sa.insert(tables.alert_history).values(**row, at=now, actor=by, note=note))
    return bool(moved)

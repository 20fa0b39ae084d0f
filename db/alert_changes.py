"""The histories of alerts, as screens read them."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from db import queries
from domain import emergencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of an alert's history."""

    change: emergencies.AlertChange
    at: dt.datetime
    actor: str | None  #: None is the system or the device
    note: str | None


def of_alerts(
    connection: sa.Connection, tenant_id: uuid.UUID, alert_ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[Change]]:
    """What happened to some of a tenant's alerts, in order; empty for one that is not theirs."""
    found: dict[uuid.UUID, list[Change]] = {alert_id: [] for alert_id in alert_ids}
    wanted = {"tenant_id": tenant_id, "alert_ids": list(alert_ids)}
    for row in connection.exec_driver_sql(queries.get("changes_of_alerts"), wanted):
        line = Change(change=emergencies.AlertChange(row.change), at=row.at, actor=row.actor, note=row.note)
        found[row.alert_id].append(line)
    return found

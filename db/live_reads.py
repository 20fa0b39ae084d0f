"""What the live page asks beside the read models: positions for the hub, alerts with names, a unit's card and trail.

The queries name the tenant themselves; run them in `engine.tenant_transaction`, whose row-level security stands below.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import alerts, queries
from domain import emergencies, fix_quality

MOST_OF_TRAIL = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAlert:
    """An alert with what a screen shows beside it."""

    alert: emergencies.Alert
    device_id: int | None  #: None where the device is not registered
    who: str | None


def live_units(connection: sa.Connection, tenant_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Id, kind and newest fix of every device in service, by id."""
    return connection.exec_driver_sql(queries.get("live_units"), {"tenant_id": tenant_id}).all()


def seen_alerts(connection: sa.Connection, tenant_id: uuid.UUID) -> list[SeenAlert]:
    """The unresolved alerts: the open ones first, the most urgent of them, then the older."""
    return _seen(connection, tenant_id, alert_id=None)


def seen_alert(connection: sa.Connection, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> SeenAlert | None:
    """One alert; None where this tenant has no such alert."""
    found = _seen(connection, tenant_id, alert_id=alert_id)
    return found[0] if found else None


def unit_status(connection: sa.Connection, tenant_id: uuid.UUID, device_id: int) -> sa.RowMapping | None:
    """What a device last told of itself."""
    given = {"tenant_id": tenant_id, "device_id": device_id}
    return connection.exec_driver_sql(queries.get("unit_status"), given).mappings().one_or_none()


def unit_events(
    connection: sa.Connection, tenant_id: uuid.UUID, device_id: int, *, most: int
) -> Sequence[sa.RowMapping]:
    """What lately happened to a device: time, kind, text, alert_id; of what happened at fences reason and corrected_at too."""
    given = {"tenant_id": tenant_id, "device_id": device_id, "most": most}
    return connection.exec_driver_sql(queries.get("unit_events"), given).mappings().all()


def unit_trail(
    connection: sa.Connection, device_id: int, *, since: dt.datetime, until: dt.datetime, with_flagged: bool = False
) -> Sequence[sa.RowMapping]:
    """The fixes of a device of the transaction's tenant, thinned to at most MOST_OF_TRAIL; bad ones only on request."""
    hidden = 0 if with_flagged else int(fix_quality.BAD)
    given = {"device_id": device_id, "since": since, "until": until, "most": MOST_OF_TRAIL, "hidden": hidden}
    return connection.exec_driver_sql(queries.get("unit_trail"), given).mappings().all()


def devices_of_person(connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID) -> frozenset[int] | None:
    """The devices that a person carries; None where this tenant has no such person."""
    given = {"tenant_id": tenant_id, "person_id": person_id}
    rows = connection.exec_driver_sql(queries.get("devices_of_person"), given).scalars().all()
    return frozenset(device_id for device_id in rows if device_id is not None) if rows else None


def track_of_person(
    connection: sa.Connection, tenant_id: uuid.UUID, person_id: uuid.UUID, *, since: dt.datetime, until: dt.datetime
) -> Sequence[sa.Row[Any]]:
    """The stretches that a person's track is made of: device_id, name, since, until; by the assignments of then (R62)."""
    given = {"tenant_id": tenant_id, "person_id": person_id, "since": since, "until": until}
    return connection.exec_driver_sql(queries.get("person_track"), given).all()


def _seen(connection: sa.Connection, tenant_id: uuid.UUID, *, alert_id: uuid.UUID | None) -> list[SeenAlert]:
    rows = connection.exec_driver_sql(
        queries.get("seen_alerts"), {"tenant_id": tenant_id, "alert_id": alert_id}
    ).mappings()
    return [SeenAlert(alert=alerts.from_row(row), device_id=row["device_id"], who=row["who"]) for row in rows]

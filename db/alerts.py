"""The alerts in PostgreSQL (domain.ports.Alerts)."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db import tables
from domain import emergencies, geo

_alert = tables.alert
_UNRESOLVED = _alert.c.state != emergencies.AlertState.RESOLVED


class Alerts:
    """The alerts of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        """Load and lock one alert; None where this tenant has no such alert."""
        return self._locked(_alert.c.tenant_id == tenant_id, _alert.c.id == alert_id)

    def unresolved_for_fob(self, fob: str, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        """Load and lock the one unresolved alert of a fob."""
        return self._locked(_alert.c.tenant_id == tenant_id, _alert.c.fob == fob, _UNRESOLVED)

    def add(self, alert: emergencies.Alert) -> bool:
        """Keep a new alert; False where its fob has an unresolved one, be it from another transaction.

        It waits for that transaction's end: uq_alert_unresolved_fob is where two of them meet.
        """
        statement = (
            postgresql.insert(_alert)
            .values(**_row(alert))
            .on_conflict_do_nothing(index_elements=["tenant_id", "fob"], index_where=sa.text("state <> 'resolved'"))
            .returning(_alert.c.id)
        )
        return self._connection.scalar(statement) is not None

    def save(self, alert: emergencies.Alert) -> None:
        """Write what changed."""
        self._connection.execute(
            sa.update(_alert)
            .where(_alert.c.tenant_id == alert.tenant_id, _alert.c.id == alert.id)
            .values(**_row(alert))
        )

    def record(
        self,
        alert: emergencies.Alert,
        change: emergencies.AlertChange,
        *,
        at: dt.datetime,
        actor: str | None = None,
        note: str | None = None,
    ) -> None:
        """Append to the alert's history."""
        row = {"tenant_id": alert.tenant_id, "alert_id": alert.id, "change": change, "at": at}
        self._connection.execute(sa.insert(tables.alert_history).values(**row, actor=actor, note=note))

    def _locked(self, *conditions: sa.ColumnElement[bool]) -> emergencies.Alert | None:
        # FOR NO KEY UPDATE: presses that point to the alert need not wait for it.
        query = sa.select(_alert).where(*conditions).with_for_update(key_share=True)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else from_row(row)


def from_row(row: sa.RowMapping) -> emergencies.Alert:
    """Read an alert from a row of its table."""
    return emergencies.Alert(
        id=row["id"],
        tenant_id=row["tenant_id"],
        type=emergencies.AlertType(row["type"]),
        priority=emergencies.AlertPriority(row["priority"]),
        state=emergencies.AlertState(row["state"]),
        text=row["text"],
        raised_at=row["raised_at"],
        pressed_at=row["pressed_at"],
        last_press_at=row["last_press_at"],
        press_count=row["press_count"],
        device_name=row["device_name"],
        fob=row["fob"],
        person_id=row["person_id"],
        location=_location(row),
        remarks=frozenset(emergencies.AlertRemark(remark) for remark in row["remarks"]),
        cancelled_by_device_at=row["cancelled_by_device_at"],
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by=row["acknowledged_by"],
        resolved_at=row["resolved_at"],
        resolved_by=row["resolved_by"],
        resolution=row["resolution"],
    )


def _location(row: sa.RowMapping) -> emergencies.AlertLocation | None:
    if row["location_time"] is None:
        return None
    return emergencies.AlertLocation(
        position=geo.Position(row["location_lat"], row["location_lon"]),
        time=row["location_time"],
        age_s=row["location_age_s"],
        accuracy_m=row["location_accuracy_m"],
        source=emergencies.LocationSource(row["location_source"]),
    )


def _row(alert: emergencies.Alert) -> dict[str, Any]:
    place = alert.location
    return {
        "tenant_id": alert.tenant_id,
        "id": alert.id,
        "type": int(alert.type),
        "priority": int(alert.priority),
        "state": alert.state,
        "text": alert.text,
        "raised_at": alert.raised_at,
        "pressed_at": alert.pressed_at,
        "last_press_at": alert.last_press_at,
        "press_count": alert.press_count,
        "device_name": alert.device_name,
        "fob": alert.fob,
        "person_id": alert.person_id,
        "location_lat": place.position.lat if place else None,
        "location_lon": place.position.lon if place else None,
        "location_time": place.time if place else None,
        "location_age_s": place.age_s if place else None,
        "location_accuracy_m": place.accuracy_m if place else None,
        "location_source": place.source if place else None,
        "remarks": sorted(alert.remarks),
        "cancelled_by_device_at": alert.cancelled_by_device_at,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by,
        "resolved_at": alert.resolved_at,
        "resolved_by": alert.resolved_by,
        "resolution": alert.resolution,
    }

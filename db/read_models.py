"""What screens ask of a tenant's present: its units, its unresolved alerts, its counts.

The queries name the tenant themselves, so that they serve the backend role as well as the web role.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from db import alerts, queries
from domain import activity, emergencies, geo, telemetry

_MOST_UNITS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A device in service as it was last heard of; everything after `person` is None where nothing was heard."""

    device_id: int
    name: str
    kind: str
    label: str | None
    vehicle: str | None
    person: str | None
    position: geo.Position | None
    time: dt.datetime | None  #: of the fix
    received_at: dt.datetime | None
    speed_mps: float | None
    course_deg: float | None
    accuracy_m: float | None
    moving: bool | None
    online: bool | None  #: by the device's own word, or the broker's
    gps: telemetry.GpsState | None
    backlog: int | None

    def age_s(self, now: dt.datetime) -> float | None:
        """Seconds since the fix."""
        return None if self.time is None else (now - self.time).total_seconds()

    def current_position(self, now: dt.datetime) -> geo.Position | None:
        """Where the unit is, None once the fix is over 30 minutes old (R56)."""
        age_s = self.age_s(now)
        return None if age_s is None or age_s > emergencies.OLD_POSITION_S else self.position


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A tenant in figures."""

    units: int
    current: int  #: with a fix of the last 30 minutes
    moving: int  #: of these
    open_alerts: int
    acknowledged_alerts: int
    recent_fixes: int  #: of this hour and the one before, by their own times


def units(connection: sa.Connection, tenant_id: uuid.UUID, *, most: int = _MOST_UNITS) -> list[Unit]:
    """A tenant's units, the newest fix first."""
    rows = connection.exec_driver_sql(queries.get("units"), {"tenant_id": tenant_id, "most": most}).mappings()
    return [_unit(row) for row in rows]


def unresolved_alerts(connection: sa.Connection, tenant_id: uuid.UUID) -> list[emergencies.Alert]:
    """A tenant's alerts that somebody must still look at: the open ones first, then by priority, then the oldest."""
    rows = connection.exec_driver_sql(queries.get("unresolved_alerts"), {"tenant_id": tenant_id}).mappings()
    return [alerts.from_row(row) for row in rows]


def counts(connection: sa.Connection, tenant_id: uuid.UUID, *, now: dt.datetime) -> Counts:
    """A tenant's counts."""
    tenant = {"tenant_id": tenant_id}
    current_since = now - dt.timedelta(seconds=emergencies.OLD_POSITION_S)
    unit = connection.exec_driver_sql(queries.get("unit_counts"), {**tenant, "current_since": current_since}).one()
    alert = connection.exec_driver_sql(queries.get("alert_counts"), tenant).one()
    hour_before = activity.hour_of(now) - dt.timedelta(hours=1)
    fixes = connection.exec_driver_sql(queries.get("fixes_since"), {**tenant, "since": hour_before}).scalar_one()
    return Counts(
        units=unit.units,
        current=unit.current,
        moving=unit.moving,
        open_alerts=alert.open,
        acknowledged_alerts=alert.acknowledged,
        recent_fixes=fixes,
    )


def _unit(row: sa.RowMapping) -> Unit:
    return Unit(
        device_id=row["device_id"],
        name=row["name"],
        kind=row["kind"],
        label=row["label"],
        vehicle=row["vehicle"],
        person=row["person"] or None,
        position=None if row["lat"] is None else geo.Position(row["lat"], row["lon"]),
        time=row["time"],
        received_at=row["received_at"],
        speed_mps=row["speed_mps"],
        course_deg=row["course_deg"],
        accuracy_m=row["accuracy_m"],
        moving=row["moving"],
        online=row["online"],
        gps=None if row["gps"] is None else telemetry.GpsState(row["gps"]),
        backlog=row["backlog"],
    )

"""What screens ask of a tenant's present: its units.

The queries name the tenant themselves, so that they serve the backend role as well as the web role.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from db import queries
from domain import emergencies, geo, liveness, telemetry

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
    told_at: dt.datetime | None  #: when that word was received
    gps: telemetry.GpsState | None
    backlog: int | None

    def age_s(self, now: dt.datetime) -> float | None:
        """Seconds since the fix."""
        return None if self.time is None else (now - self.time).total_seconds()

    def link(self, now: dt.datetime) -> liveness.Link:
        """Whether the device can be reached."""
        ages = [None if at is None else (now - at).total_seconds() for at in (self.told_at, self.received_at)]
        return liveness.link(online=self.online, told_age_s=ages[0], heard_age_s=ages[1])

    def current_position(self, now: dt.datetime) -> geo.Position | None:
        """Where the unit is, None once the fix is over 30 minutes old (R56)."""
        age_s = self.age_s(now)
        return None if age_s is None or age_s > emergencies.OLD_POSITION_S else self.position


def units(connection: sa.Connection, tenant_id: uuid.UUID, *, most: int = _MOST_UNITS) -> list[Unit]:
    """A tenant's units, the newest fix first."""
    return _units(connection, tenant_id, device_id=None, most=most)


def unit(connection: sa.Connection, tenant_id: uuid.UUID, device_id: int) -> Unit | None:
    """One of a tenant's units; None where it has no such device in service."""
    found = _units(connection, tenant_id, device_id=device_id, most=1)
    return found[0] if found else None


def _units(connection: sa.Connection, tenant_id: uuid.UUID, *, device_id: int | None, most: int) -> list[Unit]:
    given = {"tenant_id": tenant_id, "device_id": device_id, "most": most}
    return [_unit(row) for row in connection.exec_driver_sql(queries.get("units"), given).mappings()]


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
        told_at=row["told_at"],
        gps=None if row["gps"] is None else telemetry.GpsState(row["gps"]),
        backlog=row["backlog"],
    )

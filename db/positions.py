"""The latest positions in PostgreSQL (domain.ports.Positions)."""

import sqlalchemy as sa

from db import tables
from domain import geo, telemetry


class Positions:
    """The latest positions, read in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def latest(self, source: telemetry.DeviceRef) -> telemetry.Fix | None:
        """The newest fix of a device."""
        if source.id is None:
            return None
        latest, device = tables.device_latest, tables.device
        query = (
            sa.select(latest)
            .join(device, device.c.id == latest.c.device_id)
            .where(latest.c.device_id == source.id, device.c.tenant_id == source.tenant_id)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _fix(row)


def _fix(row: sa.RowMapping) -> telemetry.Fix:
    return telemetry.Fix(
        time=row["time"],
        position=geo.Position(row["lat"], row["lon"]),
        mode=telemetry.FixMode(row["fix_mode"]),
        alt_m=row["alt_m"],
        speed_mps=row["speed_mps"],
        course_deg=row["course_deg"],
        hdop=row["hdop"],
        satellites=row["satellites"],
        accuracy_m=row["accuracy_m"],
    )

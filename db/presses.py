"""The presses in PostgreSQL (domain.ports.Presses)."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db import tables
from domain import telemetry

_press = tables.press


class Presses:
    """The presses of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, press: telemetry.Press, *, source: telemetry.DeviceRef, received_at: dt.datetime) -> bool:
        """Keep a press; False where its id is there already."""
        row = {
            "tenant_id": source.tenant_id,
            "id": press.id,
            "device_id": source.id,
            "device_name": source.name,
            "fob": press.fob,
            "kind": press.kind,
            "time": press.time,
            "clock": press.clock,
            "received_at": received_at,
            "seq": press.seq,
            "battery_pct": press.battery_pct,
            "fix_age_s": press.fix_age_s,
            "remarks": list(press.remarks),
            **_fix_columns(press.fix),
        }
        statement = postgresql.insert(_press).values(row).on_conflict_do_nothing().returning(_press.c.id)
        return self._connection.scalar(statement) is not None

    def attach(self, press_id: uuid.UUID, *, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> None:
        """Say which alert a press belongs to."""
        self._connection.execute(
            sa.update(_press).where(_press.c.tenant_id == tenant_id, _press.c.id == press_id).values(alert_id=alert_id)
        )

    def holds(self, press: telemetry.Press, *, source: telemetry.DeviceRef) -> bool:
        """Whether the press that is kept under this id is this one."""
        same = [
            _press.c.tenant_id == source.tenant_id,
            _press.c.id == press.id,
            _press.c.device_name == source.name,
            _press.c.fob == press.fob,
            _press.c.kind == press.kind,
            _press.c.seq == press.seq,
        ]
        if press.clock is not telemetry.Clock.UNSET:
            same.append(_press.c.time == press.time)
        return bool(self._connection.scalar(sa.select(sa.exists().where(*same))))

    def first_cancel(
        self, fob: str, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime, device: str | None = None
    ) -> dt.datetime | None:
        """Time of the first `cancel` of a fob within [since, until], by the device's clock; of one device, if it is named."""
        first: dt.datetime | None = self._connection.scalar(
            sa.select(sa.func.min(_press.c.time)).where(
                _press.c.tenant_id == tenant_id,
                _press.c.fob == fob,
                sa.true() if device is None else _press.c.device_name == device,
                _press.c.kind == telemetry.PressKind.CANCEL,
                _press.c.time.between(since, until),
            )
        )
        return first

    def made_within(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime) -> bool:
        """Whether a press of this alert was made within [since, until], by the device's clock."""
        made = sa.exists().where(
            _press.c.tenant_id == tenant_id,
            _press.c.alert_id == alert_id,
            _press.c.kind != telemetry.PressKind.CANCEL,
            _press.c.time.between(since, until),
        )
        return bool(self._connection.scalar(sa.select(made)))


def _fix_columns(fix: telemetry.Fix | None) -> dict[str, Any]:
    if fix is None:
        return {}
    return {
        "fix_time": fix.time,
        "fix_lat": fix.position.lat,
        "fix_lon": fix.position.lon,
        "fix_mode": int(fix.mode),
        "fix_alt_m": fix.alt_m,
        "fix_speed_mps": fix.speed_mps,
        "fix_course_deg": fix.course_deg,
        "fix_hdop": fix.hdop,
        "fix_satellites": fix.satellites,
        "fix_accuracy_m": fix.accuracy_m,
    }

"""What devices say of themselves: the newest word of each."""

import datetime as dt
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from db import queries
from domain import telemetry
from domain.wire import fields


def save(
    connection: psycopg.Connection[Any],
    device: telemetry.DeviceRef,
    status: telemetry.Status,
    received_at: dt.datetime,
) -> None:
    """Put this status in the place of the one before."""
    fobs = {
        fob: fields.drop_none(
            {
                "bat": state.battery_pct,
                "rssi": state.rssi_dbm,
                "seen": None if state.seen is None else fields.iso_ms(state.seen),
            }
        )
        for fob, state in status.fobs.items()
    }
    parameters = {
        "tenant_id": device.tenant_id,
        "device_id": device.id,
        "time": status.time,
        "received_at": received_at,
        "online": status.online,
        "gps": str(status.gps),
        "backlog": status.backlog,
        "version": status.version,
        "battery_pct": status.battery_pct,
        "uptime_s": status.uptime_s,
        "ports": Jsonb(dict(status.ports)),
        "fobs": Jsonb(fobs),
    }
    connection.execute(queries.get("save_status").encode(), parameters)

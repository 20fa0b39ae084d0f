"""What phones say beside their positions: of places of their own, and of themselves."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from db import queries
from domain import geo, telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A phone's word about a place of its own: a claim, as our fences are the ones that decide."""

    device: telemetry.DeviceRef
    time: dt.datetime
    received_at: dt.datetime
    kind: str
    place: str
    position: geo.Position | None
    radius_m: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A sign of life; None is not told."""

    device: telemetry.DeviceRef
    time: dt.datetime
    received_at: dt.datetime
    online: bool
    gps: telemetry.GpsState
    version: str
    battery_pct: float | None


def add_events(connection: psycopg.Connection[Any], events: Sequence[Event]) -> None:
    """Keep events, but for those of a tenant who keeps positions of people on duty alone (R59); a known one changes nothing."""
    parameters = {
        "tenant_id": [event.device.tenant_id for event in events],
        "device_id": [event.device.id for event in events],
        "lat": [None if event.position is None else event.position.lat for event in events],
        "lon": [None if event.position is None else event.position.lon for event in events],
        **{
            name: [getattr(event, name) for event in events]
            for name in ("time", "received_at", "kind", "place", "radius_m", "accuracy_m")
        },
    }
    connection.execute(queries.get("add_sender_events").encode(), parameters)


def events_of(connection: sa.Connection, tenant_id: uuid.UUID, device_id: int, *, most: int) -> Sequence[sa.RowMapping]:
    """The newest events of a phone: time, kind, place, lat, lon, radius_m, accuracy_m."""
    given = {"tenant_id": tenant_id, "device_id": device_id, "most": most}
    return connection.exec_driver_sql(queries.get("unit_claims"), given).mappings().all()


def note_contacts(connection: psycopg.Connection[Any], contacts: Sequence[Contact]) -> None:
    """Put the last one of each phone in the place of its status before, unless that one came later."""
    parameters = {
        "tenant_id": [contact.device.tenant_id for contact in contacts],
        "device_id": [contact.device.id for contact in contacts],
        "gps": [str(contact.gps) for contact in contacts],
        **{
            name: [getattr(contact, name) for contact in contacts]
            for name in ("time", "received_at", "online", "version", "battery_pct")
        },
    }
    connection.execute(queries.get("note_sender_contacts").encode(), parameters)

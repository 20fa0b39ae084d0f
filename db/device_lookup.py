"""What ingest asks of the registry: the devices behind topics, and where they were last."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import queries
from domain import telemetry

Name = tuple[str, str]
"""A tenant's slug and a device's name."""


def find_devices(connection: psycopg.Connection[Any], names: Iterable[Name]) -> dict[Name, telemetry.DeviceRef]:
    """The registered devices among these."""
    wanted = list(names)
    parameters = {"tenants": [tenant for tenant, _ in wanted], "devices": [device for _, device in wanted]}
    rows = connection.execute(queries.get("find_devices").encode(), parameters)
    return {
        (slug, name): telemetry.DeviceRef(tenant_id=tenant_id, name=name, id=device_id, kind=kind)
        for slug, name, device_id, tenant_id, kind in rows
    }


def find_tenants(connection: psycopg.Connection[Any], slugs: Collection[str]) -> dict[str, uuid.UUID]:
    """The tenants among these."""
    rows = connection.execute(queries.get("find_tenants").encode(), {"slugs": sorted(slugs)})
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where the track of a device goes on; times in microseconds since 1970."""

    device_id: int
    time_us: int | None  #: of the latest good fix, as are the next four; None: there is none
    lat: float
    lon: float
    odometer_m: float | None
    moving: bool
    newest_us: int | None  #: where that isn't the latest good one
    aside_us: int | None  #: of the newest fix that stands outside of the order
    state: Mapping[str, Any] | None  #: what else is kept (domain.track)


def load_tracks(connection: psycopg.Connection[Any], device_ids: npt.NDArray[np.int32]) -> list[Track]:
    """Those of these devices that have sent anything."""
    names = [field.name for field in dataclasses.fields(Track)]
    rows = connection.execute(queries.get("load_tracks").encode(), {"device_id": device_ids})
    return [Track(**dict(zip(names, row, strict=True))) for row in rows]


def next_handover(connection: psycopg.Connection[Any], now: dt.datetime) -> dt.datetime | None:
    """When an assignment that was made before begins or ends next; nobody is told of that moment."""
    row = connection.execute(queries.get("next_handover").encode(), {"now": now}).fetchone()
    return None if row is None else row[0]

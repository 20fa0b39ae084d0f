"""What ingest asks of the registry: the devices behind topics, and where they were last."""

import uuid
from collections.abc import Collection, Iterable
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
        (slug, name): telemetry.DeviceRef(tenant_id=tenant_id, name=name, id=device_id)
        for slug, name, device_id, tenant_id in rows
    }


def find_tenants(connection: psycopg.Connection[Any], slugs: Collection[str]) -> dict[str, uuid.UUID]:
    """The tenants among these."""
    rows = connection.execute(queries.get("find_tenants").encode(), {"slugs": sorted(slugs)})
    return dict(rows.fetchall())


def load_newest(
    connection: psycopg.Connection[Any], device_ids: npt.NDArray[np.int32]
) -> list[tuple[int, int, float, float]]:
    """Device, time in microseconds since 1970, latitude and longitude of the newest fix of each that has one."""
    rows = connection.execute(queries.get("load_newest").encode(), {"device_id": device_ids})
    return rows.fetchall()


def load_presence(
    connection: psycopg.Connection[Any], device_ids: npt.NDArray[np.int32]
) -> dict[int, frozenset[uuid.UUID]]:
    """The geofences of each of these devices that is in one."""
    rows = connection.execute(queries.get("load_presence").encode(), {"device_id": device_ids})
    return {device_id: frozenset(fences) for device_id, fences in rows}

"""Entries and exits of geofences, and who is in which, as numpy records."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg

from db import array_params, queries

CROSSING_DTYPE = np.dtype(
    [
        ("tenant_id", "V16"),
        ("geofence_id", "V16"),
        ("device_id", "i4"),
        ("time_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("received_us", "i8"),
        ("entered", "?"),
        ("late", "?"),
    ]
)
Crossings = npt.NDArray[np.void]
"""Records of CROSSING_DTYPE."""


def load_fences(connection: psycopg.Connection[Any]) -> list[tuple[UUID, UUID, bytes]]:
    """Id, tenant and polygon (WKB) of every fence that is watched."""
    cursor = connection.execute(queries.get("active_geofences").encode())
    columns = [column.name for column in cursor.description or ()]
    pick = [columns.index(name) for name in ("id", "tenant_id", "wkb")]
    return [(row[pick[0]], row[pick[1]], bytes(row[pick[2]])) for row in cursor]


def add_events(connection: psycopg.Connection[Any], crossings: Crossings) -> None:
    """Keep crossings; one that is there already only gets its place anew."""
    names = ("tenant_id", "geofence_id", "device_id", "lat", "lon", "entered", "late")
    parameters = {name: crossings[name] for name in names} | {
        "time": array_params.instants(crossings["time_us"]),
        "received_at": array_params.instants(crossings["received_us"]),
    }
    connection.execute(queries.get("add_fence_events").encode(), parameters)


def replace_events(
    connection: psycopg.Connection[Any],
    *,
    device_id: npt.NDArray[np.int32],
    time_us: npt.NDArray[np.int64],
    crossings: Crossings,
) -> None:
    """Make the events at these fixes those that are given."""
    parameters = {
        "device_id": device_id,
        "time": array_params.instants(time_us),
        "event_device_id": crossings["device_id"],
        "event_time": array_params.instants(crossings["time_us"]),
        "event_geofence_id": crossings["geofence_id"],
        "event_entered": crossings["entered"],
    }
    connection.execute(queries.get("remove_fence_events").encode(), parameters)
    if len(crossings):
        add_events(connection, crossings)


def move_presence(connection: psycopg.Connection[Any], crossings: Crossings) -> None:
    """Apply crossings, in the order of their time, to who is in which fence."""
    last: dict[tuple[int, bytes], int] = {}
    for index, (device_id, fence_id) in enumerate(
        zip(crossings["device_id"].tolist(), crossings["geofence_id"].tolist(), strict=True)
    ):
        last[device_id, bytes(fence_id)] = index
    final = crossings[sorted(last.values())]
    left, entered = final[~final["entered"]], final[final["entered"]]
    if len(left):
        pair = {"device_id": left["device_id"], "geofence_id": left["geofence_id"]}
        connection.execute(queries.get("leave_fences").encode(), pair)
    if len(entered):
        parameters = {name: entered[name] for name in ("tenant_id", "geofence_id", "device_id")}
        times = {"time": array_params.instants(entered["time_us"])}
        connection.execute(queries.get("enter_fences").encode(), parameters | times)


def reset_presence(connection: psycopg.Connection[Any], device_ids: Collection[int] | Sequence[int]) -> None:
    """Make the presence of these devices what follows from their events."""
    connection.execute(queries.get("reset_presence").encode(), {"device_id": sorted(device_ids)})


def drop_unwatched_presence(connection: psycopg.Connection[Any]) -> None:
    """Forget who is in fences that are not watched any more."""
    connection.execute(queries.get("drop_unwatched_presence").encode())

"""Geofences in PostGIS: loaded for the engine that watches them, written by people and by the seed."""

import uuid

import shapely
import sqlalchemy as sa
from geoalchemy2 import shape
from sqlalchemy.dialects import postgresql

from db import errors, queries, tables
from domain import geofencing


def load_active(connection: sa.Connection) -> list[geofencing.Geofence]:
    """Every fence that is watched, of all tenants that the connection may see."""
    rows = connection.exec_driver_sql(queries.get("active_geofences")).all()
    polygons = shapely.from_wkb([row.wkb for row in rows])
    return [
        geofencing.Geofence(
            id=row.id, tenant_id=row.tenant_id, name=row.name, shell=_ring(polygon.exterior), holes=_holes(polygon)
        )
        for row, polygon in zip(rows, polygons, strict=True)
    ]


def save(connection: sa.Connection, fence: geofencing.Geofence, *, kind: str = "zone", active: bool = True) -> None:
    """Write a fence, new or changed.

    Raises:
        DatabaseError: its outline crosses itself or isn't one; the message says where.
    """
    polygon = shapely.Polygon(fence.shell, fence.holes)
    if not polygon.is_valid or polygon.is_empty:
        raise errors.DatabaseError(f"geofence {fence.name}: {shapely.is_valid_reason(polygon)}")
    row = {
        "name": fence.name,
        "kind": kind,
        "geom": shape.from_shape(polygon, srid=4326),
        "active": active,
    }
    statement = postgresql.insert(tables.geofence).values(tenant_id=fence.tenant_id, id=fence.id, **row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "id"], set_={**row, "updated_at": sa.func.now()})
    )


def deactivate(connection: sa.Connection, fence_id: uuid.UUID, *, tenant_id: uuid.UUID) -> bool:
    """Watch a fence no more, what happened at it stays; False where no such fence is watched."""
    fence = tables.geofence
    statement = (
        sa.update(fence)
        .where(fence.c.tenant_id == tenant_id, fence.c.id == fence_id, fence.c.active)
        .values(active=False)
    )
    return connection.execute(statement).rowcount == 1


def _holes(polygon: shapely.Polygon) -> tuple[geofencing.Ring, ...]:
    return tuple(_ring(hole) for hole in polygon.interiors)


def _ring(ring: shapely.LinearRing) -> geofencing.Ring:
    return [(lon, lat) for lon, lat in ring.coords]

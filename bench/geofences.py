"""Bench `geofence`: fixes a second through the engine of fences, hysteresis and ways through included."""

import time
import uuid
from typing import Any

import numpy as np
import shapely

from bench import stage
from db import fence_store, fix_rows
from domain import fence_shapes, fences
from ingest import fence_watch, fix_decoder, garbage

TARGET_PER_S = 400_000
_DEVICES, _BATCH, _SECONDS = 5_000, 5_000, 5.0
_STEPS = 20
_START_US = 1_772_450_000_000_000


def measure(seconds: float = _SECONDS) -> list[dict[str, Any]]:
    """Batches of 5,000 devices that drive to and fro through 5,000 fences of 40 corners, a quarter of the fixes inside one.

    Entries and exits are confirmed, ways through are looked for, stays are kept. The ceiling is what the bare question "which
    fence holds this point" comes to with shapely's own tree.
    """
    garbage.collect_seldom()  # as ingest does
    polygons = stage.make_fences(stage.FENCES)
    batches = [_batch(step) for step in range(_STEPS)]
    rate, hits, events = _engine_rate(polygons, batches, seconds)
    ceiling = _tree_rate(polygons, batches)
    return [
        {
            "name": "geofence",
            "value": round(rate),
            "unit": f"fixes/s, {hits:.2f} hits and {events:.3f} events a fix",
            "ceiling": round(ceiling),
            "ratio": round(rate / ceiling, 2),
            "target": f">= {TARGET_PER_S}",
            "met": rate >= TARGET_PER_S,
        }
    ]


def _engine_rate(
    polygons: list[shapely.Polygon], batches: list[fix_rows.FixRows], seconds: float
) -> tuple[float, float, float]:
    tenant = uuid.UUID(int=1)
    watch = fence_watch.FenceWatch()
    watch.load(fence_store.Watched(watched=[_fence(number, tenant, each) for number, each in enumerate(polygons)]))
    tenants = np.full(_BATCH, watch.index.tenant_index(tenant), np.int64)
    devices = np.arange(_BATCH)
    hits = np.mean(
        [len(watch.index.inside(rows["lat"], rows["lon"], tenants, devices)[0]) / _BATCH for rows in batches]
    )
    done, told, began_s = 0, 0, time.perf_counter()
    there_and_back = [*batches, *reversed(batches)]
    while time.perf_counter() - began_s < seconds:
        rows = there_and_back[done % len(there_and_back)]
        rows["time_us"] = _START_US + done * 1_000_000
        watched = watch.judge(rows, devices, tenants)
        watch.apply(watched)
        told += len(watched.events)
        done += 1
    return done * _BATCH / (time.perf_counter() - began_s), float(hits), told / (done * _BATCH)


def _fence(number: int, tenant: uuid.UUID, polygon: shapely.Polygon) -> fences.Geofence:
    shape = fence_shapes.polygon([(lon, lat) for lon, lat in polygon.exterior.coords[:-1]])
    return fences.Geofence(id=uuid.UUID(int=2 + number), tenant_id=tenant, name=f"fence {number}", shape=shape)


def _tree_rate(polygons: list[shapely.Polygon], batches: list[fix_rows.FixRows]) -> float:
    shapely.prepare(polygons)
    tree = shapely.STRtree(polygons)
    done, began_s = 0, time.perf_counter()
    while time.perf_counter() - began_s < _SECONDS:
        rows = batches[done % len(batches)]
        tree.query(shapely.points(rows["lon"], rows["lat"]), predicate="intersects")
        done += 1
    return done * _BATCH / (time.perf_counter() - began_s)


def _batch(step: int) -> fix_rows.FixRows:
    place = np.random.default_rng(5)
    area = stage.AREA
    rows = fix_rows.empty(_BATCH, fix_decoder.ROW_FIELDS)
    rows["slot"] = rows["device_id"] = np.arange(_BATCH)
    rows["lat"] = area.lat + place.uniform(0, area.lat_extent, _DEVICES)
    rows["lon"] = area.lon + place.uniform(0, area.lon_extent, _DEVICES) + step * 0.0002
    rows["place_lat"], rows["place_lon"] = rows["lat"], rows["lon"]
    rows["accuracy_m"] = 5.0
    return rows

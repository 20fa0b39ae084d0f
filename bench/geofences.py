"""Bench `geofence`: fixes a second through the engine of fences, presence and crossings included."""

import time
import uuid
from typing import Any

import numpy as np
import shapely

from bench import stage
from db import fix_rows
from ingest import fence_watch, fix_decoder

TARGET_PER_S = 400_000
_DEVICES, _BATCH, _SECONDS = 5_000, 5_000, 5.0


def measure() -> list[dict[str, Any]]:
    """Batches of 5,000 devices that drive through 5,000 fences of 40 corners, a quarter of the fixes inside one.

    The ceiling is what the bare question "which fence holds this point" comes to with shapely's own tree.
    """
    polygons = stage.make_fences(stage.FENCES)
    batches = [_batch(step) for step in range(20)]
    rate, hits = _engine_rate(polygons, batches)
    ceiling = _tree_rate(polygons, batches)
    return [
        {
            "name": "geofence",
            "value": round(rate),
            "unit": f"fixes/s, {hits:.2f} hits a fix",
            "ceiling": round(ceiling),
            "ratio": round(rate / ceiling, 2),
            "target": f">= {TARGET_PER_S}",
            "met": rate >= TARGET_PER_S,
        }
    ]


def _engine_rate(polygons: list[shapely.Polygon], batches: list[fix_rows.FixRows]) -> tuple[float, float]:
    tenant = uuid.UUID(int=1)
    watch = fence_watch.FenceWatch()
    watch.load([(uuid.UUID(int=2 + number), tenant, polygon.wkb) for number, polygon in enumerate(polygons)])
    tenants = np.full(_BATCH, watch.engine.tenant_index(tenant), np.int64)
    hits = np.mean([len(watch.engine.inside(rows["lat"], rows["lon"], tenants)[0]) / _BATCH for rows in batches])
    starts = np.arange(_BATCH)
    done, began_s = 0, time.perf_counter()
    while time.perf_counter() - began_s < _SECONDS:
        rows = batches[done % len(batches)]
        crossings = watch.judge(rows, starts, tenants)
        watch.apply(crossings, crossings["device_id"].astype(np.int64))
        done += 1
    return done * _BATCH / (time.perf_counter() - began_s), float(hits)


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
    rows["time_us"] = step * 1_000_000
    return rows

"""10,000 units that all move each second in one view: bytes a tick, and what a tick costs the server and the browser."""

import resource
import time
from typing import Any

import numpy as np

from api import live_positions, view, view_frame
from bench import map_browser, stage
from ingest import batch_store, live_feed

UNITS = 10_000
_TICKS = 120
_ZOOM = 14.0
_STEP_DEG = 0.00018  # 10 m, to the east
_MOST_BYTES = 120_000
_START_MS = 1_790_000_000_000


def measure() -> list[dict[str, Any]]:
    """The server alone, then the whole with a browser."""
    return [*measure_server(), *map_browser.measure()]


def measure_server() -> list[dict[str, Any]]:
    """Two minutes of ticks, as fast as they go; memory before and after tells whether anything is kept."""
    area = stage.AREA
    box = view_frame.Box(
        west=area.lon, south=area.lat, east=area.lon + area.lon_extent, north=area.lat + area.lat_extent
    )
    positions, looking, rows = live_positions.LivePositions(), view.View(box, _ZOOM), _rows(box)
    positions.load(live_positions.Known(n, "tracker", None, None, None, None, moving=None) for n in rows["device_id"])
    sizes, times_ms = [], []
    warm_kib = 0
    for tick in range(_TICKS):
        now_ms = _START_MS + tick * 1000
        frame = live_feed.encode(now_ms, _moved(rows, now_ms))
        began = time.perf_counter()
        positions.apply(frame)
        positions.refresh(now_ms)
        sent = looking.frame(positions, now_ms)
        times_ms.append((time.perf_counter() - began) * 1e3)
        sizes.append(len(sent or b""))
        if tick == _TICKS // 10:
            warm_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - warm_kib
    size = max(sizes)
    return [
        _row("map_10k", size, "bytes a tick", target=f"<= {_MOST_BYTES}", met=size <= _MOST_BYTES),
        _row("map_10k_server", round(float(np.median(times_ms)), 2), "ms a tick and view"),
        _row("map_10k_server_memory", grown_kib, "KiB more at the end of 2 minutes"),
    ]


def _rows(box: view_frame.Box) -> Any:
    place = np.random.default_rng(5)
    rows = np.zeros(UNITS, batch_store.LIVE_DTYPE)
    rows["device_id"] = np.arange(1, UNITS + 1)
    rows["lat"] = place.uniform(box.south, box.north, UNITS)
    rows["lon"] = place.uniform(box.west, box.east, UNITS)
    rows["speed_mps"], rows["course_deg"], rows["moving"], rows["fix_mode"] = 10.0, 90.0, True, 3
    return rows


def _moved(rows: Any, now_ms: int) -> Any:
    rows["lon"] += _STEP_DEG
    rows["time_us"] = now_ms * 1000
    return rows


def _row(name: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, **more}

"""What one browser looks at: which frame it needs next, so that it sees the newest and nothing twice."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from api import live_positions, view_frame

MARGIN = 0.2
"""The box is the browser's own with so much on each side: a short pan shows units at once."""
CLUSTER_BELOW_ZOOM = 11.0
CLUSTER_OVER_UNITS = 500
_CELL_PX, _TILE_PX = 64, 512
_MERCATOR_LIMIT_DEG = 85.0


class View:
    """One socket's view. Ask for a frame when one can be sent: what was skipped in between is in it."""

    def __init__(self, box: view_frame.Box, zoom: float) -> None:
        self._box, self._zoom = box.padded(MARGIN), zoom
        self._seen_version = -1
        self._shown: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._kind: view_frame.Kind | None = None  #: of the last frame
        self._clusters_version = -1

    def frame(self, positions: live_positions.LivePositions, now_ms: int) -> bytes | None:
        """The next frame; None where nothing has changed."""
        if positions.version == self._seen_version:
            return None
        rows = positions.rows
        inside = rows[self._box.holds(rows["lat"], rows["lon"])]
        since, self._seen_version = self._seen_version, positions.version
        if self._zoom < CLUSTER_BELOW_ZOOM and len(inside) > CLUSTER_OVER_UNITS:
            return self._clusters(inside, now_ms)
        return self._units(inside, since, now_ms)

    def _units(self, inside: live_positions.Rows, since: int, now_ms: int) -> bytes | None:
        ids = inside["id"]
        shown, self._shown = self._shown, ids.copy()
        if self._kind not in (view_frame.Kind.SNAPSHOT, view_frame.Kind.DELTA):
            self._kind = view_frame.Kind.SNAPSHOT
            return self._encoded(inside, np.zeros(0, np.uint32), now_ms)
        self._kind = view_frame.Kind.DELTA
        changed = inside[(inside["version"] > since) | ~np.isin(ids, shown, assume_unique=True)]
        removed = np.setdiff1d(shown, ids, assume_unique=True)
        return self._encoded(changed, removed, now_ms) if len(changed) or len(removed) else None

    def _encoded(self, rows: live_positions.Rows, removed: npt.NDArray[Any], now_ms: int) -> bytes:
        assert self._kind is not None
        units = view_frame.Units(
            ids=rows["id"],
            lat=rows["lat"],
            lon=rows["lon"],
            course_deg=rows["course_deg"],
            status=rows["status"],
            age_s=(now_ms - rows["time_ms"]) / 1e3,
        )
        return view_frame.encode_units(self._kind, now_ms, self._box, units, removed)

    def _clusters(self, inside: live_positions.Rows, now_ms: int) -> bytes | None:
        newest = int(inside["version"].max())
        unchanged = self._kind is view_frame.Kind.CLUSTERS and newest == self._clusters_version
        if unchanged and len(inside) == len(self._shown):
            return None
        self._kind, self._clusters_version, self._shown = view_frame.Kind.CLUSTERS, newest, inside["id"].copy()
        return view_frame.encode_clusters(now_ms, self._box, cluster(inside, self._zoom))


def cluster(rows: live_positions.Rows, zoom: float) -> view_frame.Clusters:
    """Group units by the cells of a grid that stands still on the map, about 64 pixels wide."""
    cells = 2.0 ** math.floor(zoom) * _TILE_PX / _CELL_PX
    lat = np.radians(np.clip(rows["lat"], -_MERCATOR_LIMIT_DEG, _MERCATOR_LIMIT_DEG))
    x = np.floor((rows["lon"] / 360 + 0.5) * cells).astype(np.int64)
    y = np.floor((np.log(np.tan(lat / 2 + np.pi / 4)) / (2 * np.pi) + 0.5) * cells).astype(np.int64)
    _, cell = np.unique(y * (int(cells) + 1) + x, return_inverse=True)
    count = np.bincount(cell)
    has_alert = (rows["status"] & (view_frame.Status.OPEN_ALERT | view_frame.Status.ACKNOWLEDGED_ALERT)) > 0
    return view_frame.Clusters(
        lat=np.bincount(cell, rows["lat"]) / count,
        lon=np.bincount(cell, rows["lon"]) / count,
        units=count,
        moving=np.bincount(cell, rows["moving"]),
        alerts=np.bincount(cell, has_alert),
    )

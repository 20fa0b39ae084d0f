"""The live screens' delta frames: what has moved since the last tick, by tenant; the vectorised twin of `domain.live_frame`."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import live_frame

_CENTI = 100.0
_AGE_LIMIT_MS = 2**31 - 1
_HIGHEST_KNOWN = live_frame.UNKNOWN_U16 - 1
_THREE_D = 3


class LiveFeed:
    """Collects changed latest positions between two ticks."""

    def __init__(self) -> None:
        self._changed: list[npt.NDArray[np.void]] = []

    def add(self, changed: npt.NDArray[np.void]) -> None:
        """Note committed positions, in batch_store.LIVE_DTYPE."""
        if len(changed):
            self._changed.append(changed)

    def frames(self, tick_ms: int) -> Iterator[tuple[int, bytes]]:
        """Tenant and frame of each tenant with a change since the last call; one unit stands once, with its newest."""
        if not self._changed:
            return
        rows = np.concatenate(self._changed)
        self._changed = []
        rows = rows[np.lexsort((rows["time_us"], rows["device_id"], rows["tenant"]))]
        rows = rows[np.append(fix_rows.run_starts(rows["device_id"])[1:], len(rows)) - 1]
        starts = fix_rows.run_starts(rows["tenant"])
        for start, end in zip(starts, np.append(starts[1:], len(rows)), strict=True):
            yield int(rows["tenant"][start]), encode(tick_ms, rows[start:end])


def encode(tick_ms: int, rows: npt.NDArray[np.void]) -> bytes:
    """A frame of these positions; `tick_ms` is since 1970."""
    age_ms = tick_ms - np.rint(rows["time_us"] / 1e3).astype(np.int64)
    flags = rows["moving"] * live_frame.MOVING_BIT | (rows["fix_mode"] == _THREE_D) * live_frame.THREE_D_BIT
    columns: list[npt.NDArray[np.generic]] = [
        rows["device_id"].astype("<u4"),
        np.rint(rows["lat"] * live_frame.DEGREE_SCALE).astype("<i4"),
        np.rint(rows["lon"] * live_frame.DEGREE_SCALE).astype("<i4"),
        np.clip(age_ms, -_AGE_LIMIT_MS, _AGE_LIMIT_MS).astype("<i4"),
        _scaled(rows["speed_mps"]),
        _scaled(rows["course_deg"]),
        flags.astype("u1"),
    ]
    header = live_frame.HEADER.pack(live_frame.MAGIC, live_frame.VERSION, 0, tick_ms, len(rows))
    return header + b"".join(column.tobytes() for column in columns)


def _scaled(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    scaled = np.minimum(_HIGHEST_KNOWN, np.rint(values.astype(np.float64) * _CENTI))
    return np.where(np.isnan(values), live_frame.UNKNOWN_U16, scaled).astype("<u2")

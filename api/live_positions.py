"""The newest position of every unit of one tenant, in columns, and what has changed since when.

Fed by snapshots of the database and by ingest's delta frames; an older fix never replaces a newer one (R56).
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from api import view_frame
from domain import live_frame, liveness

STALE_MS = round(liveness.STALE_S * 1e3)
_KIND_NUMBER = {"gateway": 0, "tracker": 1, "phone": 2}
_FRAME_ROW = np.dtype(
    [
        ("ids", "<u4"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("age_ms", "<i4"),
        ("speed", "<u2"),
        ("course", "<u2"),
        ("flags", "u1"),
    ]
)
_COLUMNS = np.dtype(
    [
        ("id", "u4"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("time_ms", "i8"),
        ("course_deg", "f4"),
        ("moving", "?"),
        ("kind", "u1"),
        ("status", "u1"),
        ("version", "i8"),
    ]
)
_MOST_TICK_MS = 253_402_300_799_999  #: the end of the year 9999
_NEVER = np.iinfo(np.int64).min

Rows = npt.NDArray[np.void]


class Known(NamedTuple):
    """A unit as the database has it; None where nothing was heard of it."""

    device_id: int
    kind: str
    lat: float | None
    lon: float | None
    time_ms: int | None
    course_deg: float | None
    moving: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a unit was last."""

    lat: float
    lon: float
    time_ms: int


class LivePositions:
    """One tenant's units. `version` grows with every change; each unit remembers the version that changed it last."""

    def __init__(self) -> None:
        self._rows: Rows = np.zeros(0, _COLUMNS)
        self._open: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._acknowledged: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self.version = 0
        self.is_loaded = False  #: until the first snapshot only what moves is known
        self._strangers: dict[int, int] = {}  #: units that frames named and no snapshot had, by the version that did

    @property
    def rows(self) -> Rows:
        """The columns, by id."""
        return self._rows

    @property
    def has_strangers(self) -> bool:
        """A frame named units that no snapshot had: load one."""
        return bool(self._strangers)

    def load(self, units: Iterable[Known], *, begun: int | None = None) -> None:
        """Take a snapshot: these are all units there are, and what is newer here stays.

        `begun` is the version when reading it began: units that a frame has named since stay too.
        """
        given = sorted(units, key=lambda unit: unit.device_id)
        rows = np.zeros(len(given), _COLUMNS)
        for row, unit in zip(rows, given, strict=True):
            _fill(row, unit)
        before = self._rows
        both = np.intersect1d(rows["id"], before["id"], assume_unique=True, return_indices=True)
        new_place, old_place = both[1], both[2]
        newer = before["time_ms"][old_place] > rows["time_ms"][new_place]
        kind = rows["kind"].copy()
        rows[new_place[newer]] = before[old_place[newer]]
        rows["kind"] = kind
        self.version += 1
        rows["version"] = self.version
        same = before["time_ms"][old_place] == rows["time_ms"][new_place]
        rows["version"][new_place[same]] = before["version"][old_place[same]]
        rows["status"][new_place] = before["status"][old_place]
        ids = {unit.device_id for unit in given}
        self._strangers = {
            each: since
            for each, since in self._strangers.items()
            if begun is not None and since > begun and each not in ids
        }
        strangers = before[np.isin(before["id"], list(self._strangers))]
        self._rows = _by_id(rows, strangers) if len(strangers) else rows
        self.is_loaded = True

    def apply(self, frame: bytes) -> None:
        """Take a delta frame of ingest.

        Raises:
            FrameError: it is none of a known version.
        """
        tick_ms, given = read_frame(frame)
        strangers = np.setdiff1d(given["ids"], self._rows["id"])
        if len(strangers):
            self._add(strangers)
        place = np.searchsorted(self._rows["id"], given["ids"])
        time_ms = tick_ms - given["age_ms"].astype(np.int64)
        newer = time_ms > self._rows["time_ms"][place]
        place, given = place[newer], given[newer]
        self.version += 1
        rows = self._rows
        rows["lat"][place] = given["lat"] / live_frame.DEGREE_SCALE
        rows["lon"][place] = given["lon"] / live_frame.DEGREE_SCALE
        rows["time_ms"][place] = time_ms[newer]
        rows["course_deg"][place] = np.where(
            given["course"] == live_frame.UNKNOWN_U16, np.nan, given["course"].astype("f4") / 100
        )
        rows["moving"][place] = (given["flags"] & live_frame.MOVING_BIT) > 0
        rows["version"][place] = self.version

    def mark_alerts(self, *, opened: Collection[int], acknowledged: Collection[int]) -> None:
        """Say which units have an open alert, and which an acknowledged one."""
        self._open = np.array(sorted(opened), np.uint32)
        self._acknowledged = np.array(sorted(acknowledged), np.uint32)

    def refresh(self, now_ms: int) -> None:
        """Work out every unit's status anew: time makes units stale, and alerts come and go."""
        rows = self._rows
        status = rows["moving"] * view_frame.Status.MOVING
        status = status | (rows["time_ms"] < now_ms - STALE_MS) * view_frame.Status.STALE
        status = status | np.isin(rows["id"], self._open) * view_frame.Status.OPEN_ALERT
        status = status | np.isin(rows["id"], self._acknowledged) * view_frame.Status.ACKNOWLEDGED_ALERT
        status = (status | rows["kind"] << view_frame.KIND_SHIFT).astype("u1")
        changed = status != rows["status"]
        if changed.any():
            self.version += 1
            rows["status"] = status
            rows["version"][changed] = self.version

    def place_of(self, device_id: int) -> Place | None:
        """Where a unit was last; None where nothing is known."""
        index = int(np.searchsorted(self._rows["id"], device_id))
        if index == len(self._rows) or self._rows["id"][index] != device_id or math.isnan(self._rows["lat"][index]):
            return None
        row = self._rows[index]
        return Place(lat=float(row["lat"]), lon=float(row["lon"]), time_ms=int(row["time_ms"]))

    def newest_ms(self) -> int | None:
        """Time of the newest fix of all."""
        newest = int(self._rows["time_ms"].max(initial=_NEVER))
        return None if newest == _NEVER else newest

    def _add(self, ids: npt.NDArray[np.uint32]) -> None:
        rows = np.zeros(len(ids), _COLUMNS)
        rows["id"], rows["time_ms"], rows["lat"], rows["lon"] = ids, _NEVER, np.nan, np.nan
        rows["kind"] = _KIND_NUMBER["tracker"]
        self._rows = _by_id(self._rows, rows)
        self._strangers |= {int(each): self.version + 1 for each in ids}


def read_frame(frame: bytes) -> tuple[int, Rows]:
    """Tick in Unix ms and rows of a delta frame; the vectorised twin of `domain.live_frame.decode`.

    Raises:
        FrameError: another magic, version or length, or a time out of the calendar.
    """
    if len(frame) < live_frame.HEADER.size:
        raise live_frame.FrameError(f"a frame of {len(frame)} bytes is shorter than its header")
    magic, version, _, tick_ms, count = live_frame.HEADER.unpack_from(frame)
    expected = live_frame.HEADER.size + count * live_frame.BYTES_A_UNIT
    if magic != live_frame.MAGIC or version != live_frame.VERSION or len(frame) != expected:
        raise live_frame.FrameError(f"not a frame: {magic!r}, version {version}, {count} units, {len(frame)} bytes")
    if tick_ms > _MOST_TICK_MS:
        raise live_frame.FrameError(f"a tick {tick_ms} ms after 1970 is out of the calendar")
    rows = np.zeros(count, _FRAME_ROW)
    offset = live_frame.HEADER.size
    for name in _FRAME_ROW.names or ():
        column = np.frombuffer(frame, _FRAME_ROW[name], count, offset)
        rows[name] = column
        offset += column.nbytes
    return int(tick_ms), rows


def _by_id(some: Rows, others: Rows) -> Rows:
    together = np.concatenate([some, others])
    return together[np.argsort(together["id"])]


def _fill(row: Any, unit: Known) -> None:
    row["id"], row["kind"] = unit.device_id, _KIND_NUMBER.get(unit.kind, _KIND_NUMBER["tracker"])
    row["lat"] = math.nan if unit.lat is None else unit.lat
    row["lon"] = math.nan if unit.lon is None else unit.lon
    row["time_ms"] = _NEVER if unit.time_ms is None else unit.time_ms
    row["course_deg"] = math.nan if unit.course_deg is None else unit.course_deg
    row["moving"] = bool(unit.moving)

"""What deriving a track anew asks of the database and writes there, inside the transaction that its caller holds.

A read of fixes names the bounds of one chunk in full: with bounds in parameters the server locks every chunk there is.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql

from db import array_params, binary_copy, fix_rows, queries
from domain import fix_quality

_TYPES = [
    ("device_id", ">i4"),
    ("time_us", ">i8"),
    ("lat", ">f8"),
    ("lon", ">f8"),
    ("seq", ">i8"),
    ("odometer_m", ">f8"),
    ("received_us", ">i8"),
    ("fix_mode", ">i2"),
    ("alt_m", ">f4"),
    ("speed_mps", ">f4"),
    ("hdop", ">f4"),
    ("accuracy_m", ">f4"),
    ("distance_m", ">f4"),
    ("quality", ">i4"),
    ("moving", "?"),
]
ROW_FIELDS = [
    *fix_rows.FIX_FIELDS,
    ("slot", "i4"),
    ("old_distance_m", "f4"),
    ("old_quality", "i4"),
    ("old_moving", "?"),
]
LATEST_DTYPE = np.dtype(
    [
        ("device_id", "i4"),
        ("time_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("speed_mps", "f4"),
        ("course_deg", "f4"),
        ("fix_mode", "i2"),
        ("moving", "?"),
    ]
)
_AS_READ = (
    *("device_id", "lat", "lon", "seq", "odometer_m", "fix_mode"),
    *("alt_m", "speed_mps", "hdop", "accuracy_m"),
)
EVER_US = (-(2**61), 2**61)
_EVER = ("-infinity", "infinity")

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A device's state before the first fix of an hour."""

    hour_us: int
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A range of time, within one chunk or few, as SQL literals and in microseconds since 1970."""

    since_us: int
    until_us: int

    @property
    def bounds(self) -> dict[str, sql.Composable]:
        """What stands for {since} and {until}."""
        return {"since": _instant(self.since_us), "until": _instant(self.until_us)}


class ReplayStore:
    """The statements of db/sql/replay.sql over one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        array_params.register(connection)

    def starts(self, device_ids: npt.NDArray[np.int32], times_us: Times) -> dict[int, Checkpoint]:
        """For each device the last checkpoint not after a time, where there is one."""
        return self._checkpoints("replay_starts", device_ids, times_us)

    def stops(self, device_ids: npt.NDArray[np.int32], times_us: Times, *, skipped: int) -> dict[int, Checkpoint]:
        """For each device the checkpoint `skipped` after the next one after a time."""
        return self._checkpoints("replay_stops", device_ids, times_us, skipped=skipped)

    def kept_since_us(self) -> int:
        """The whole hour from which on all fixes are kept; the beginning of EVER_US where they are kept for ever."""
        row = self._connection.execute(queries.get("kept_since").encode()).fetchone()
        return EVER_US[0] if row is None or row[0] is None else _us(row[0])

    def chunks(self, since_us: int, until_us: int) -> list[Chunk]:
        """The chunks that hold anything of a range, in order, cut to it."""
        given = {"since": _text(since_us), "until": _text(until_us)}
        rows = self._connection.execute(queries.get("chunk_ranges").encode(), given)
        return [Chunk(since_us=_us(since), until_us=_us(until)) for since, until in rows]

    def read(
        self, chunk: Chunk, device_ids: npt.NDArray[np.int32], since_us: Times, until_us: Times, *, most: int
    ) -> Iterator[fix_rows.FixRows]:
        """The fixes of windows of devices, in ROW_FIELDS, in the order of the devices and of time, so many at a time."""
        place, since_us = np.arange(len(device_ids), dtype=np.int32), since_us.copy()
        since_us, until_us = np.maximum(since_us, chunk.since_us), np.minimum(until_us, chunk.until_us)
        while len(place):
            self._set_windows(device_ids[place], since_us[place], until_us[place], place)
            rows = self._read_some(chunk, most)
            if len(rows):
                yield rows
            if len(rows) < most:
                return
            last = int(np.flatnonzero(device_ids == rows["device_id"][-1])[0])
            place = place[place >= last]
            since_us[last] = rows["time_us"][-1] + 1

    def correct_fixes(self, rows: fix_rows.FixRows, *, is_new: npt.NDArray[np.bool_], now: dt.datetime) -> None:
        """Write flags and legs of rows that are there."""
        names = ("device_id", "lat", "lon", "seq", "fix_mode", "moving", "quality")
        parameters = {
            **{name: rows[name] for name in names},
            "time": array_params.instants(rows["time_us"]),
            "received_at": array_params.instants(rows["received_us"]),
            "distance_m": (rows["distance_mm"] / 1e3).astype("f4"),
            "is_new": is_new,
            "now": now,
        }
        self._connection.execute(queries.get("correct_fixes").encode(), parameters)

    def set_activity(self, windows: Mapping[str, Any], hours: npt.NDArray[np.void], *, now: dt.datetime) -> None:
        """Make the hours of these windows (`windows`) these; `corrected_at` is set on those that were others."""
        kept = {"kept_device_id": hours["device_id"], "kept_hour": array_params.instants(hours["hour_us"])}
        self._connection.execute(queries.get("drop_activity").encode(), {**windows, **kept})
        self._connection.execute(queries.get("correct_activity").encode(), {**activity_parameters(hours), "now": now})

    def set_checkpoints(self, windows: Mapping[str, Any], made: Sequence[tuple[int, int, str]]) -> None:
        """Make the checkpoints of these windows these: device, hour in microseconds, state as JSON."""
        kept = {
            "kept_device_id": np.array([device for device, _, _ in made], np.int32),
            "kept_hour": array_params.instants(np.array([hour_us for _, hour_us, _ in made], np.int64)),
        }
        self._connection.execute(queries.get("drop_checkpoints").encode(), {**windows, **kept})
        save_checkpoints(self._connection, made)

    def set_latest(self, device_ids: npt.NDArray[np.int32], times_us: Times) -> npt.NDArray[np.void]:
        """Make these fixes the latest of their devices; in LATEST_DTYPE those that changed."""
        changed: list[tuple[Any, ...]] = []
        if len(device_ids):
            for chunk in self.chunks(int(times_us.min()), int(times_us.max()) + 1):
                own = (times_us >= chunk.since_us) & (times_us < chunk.until_us)
                if own.any():
                    given = {"device_id": device_ids[own], "time": array_params.instants(times_us[own])}
                    changed += self._connection.execute(_within("latest_of", chunk), given, prepare=False).fetchall()
        return np.array(changed, LATEST_DTYPE)

    def drop_latest(self, device_ids: npt.NDArray[np.int32]) -> None:
        """Forget where these devices are: none of their fixes is good."""
        self._connection.execute(queries.get("drop_latest").encode(), {"device_id": device_ids})

    def _checkpoints(
        self, name: str, device_ids: npt.NDArray[np.int32], times_us: Times, **more: int
    ) -> dict[int, Checkpoint]:
        given = {"device_id": device_ids, "time": array_params.instants(times_us), **more}
        rows = self._connection.execute(queries.get(name).encode(), given)
        return {device: Checkpoint(hour_us=hour_us, state=state) for device, hour_us, state in rows}

    def _set_windows(
        self, device_ids: npt.NDArray[np.int32], since_us: Times, until_us: Times, place: npt.NDArray[np.int32]
    ) -> None:
        self._connection.execute(queries.get("drop_windows").encode())
        given = {**windows(device_ids, since_us, until_us), "place": place}
        self._connection.execute(queries.get("set_windows").encode(), given)

    def _read_some(self, chunk: Chunk, most: int) -> fix_rows.FixRows:
        more = {"most": sql.Literal(most), "outside": sql.Literal(int(fix_quality.OUTSIDE))}
        with self._connection.cursor() as cursor, cursor.copy(_within("replay_fixes", chunk, **more)) as copy:
            found = binary_copy.decode(b"".join(copy), _TYPES)
        rows = fix_rows.empty(len(found), ROW_FIELDS)
        for name in _AS_READ:
            rows[name] = found[name]
        for name in ("time_us", "received_us"):
            rows[name] = found[name] + array_params.POSTGRES_EPOCH_US
        for name in ("distance_m", "quality", "moving"):
            rows[f"old_{name}"] = found[name]
        return rows


def stored_fixes(connection: psycopg.Connection[Any], device_ids: npt.NDArray[np.int32], times_us: Times) -> list[int]:
    """Indexes of those of these fixes, by device and time, that are in the table already."""
    given = {
        "device_id": device_ids,
        "time": array_params.instants(times_us),
        "place": np.arange(len(device_ids), dtype=np.int32),
    }
    bounds = Chunk(since_us=int(times_us.min()), until_us=int(times_us.max()) + 1)
    return [place for (place,) in connection.execute(_within("stored_fixes", bounds), given, prepare=False)]


def windows(device_ids: npt.NDArray[np.int32], since_us: Times, until_us: Times) -> dict[str, Any]:
    """Windows of devices as parameters."""
    return {"device_id": device_ids, "since": _bounded(since_us), "until": _bounded(until_us)}


def activity_parameters(hours: npt.NDArray[np.void]) -> dict[str, Any]:
    """Hours as parameters, in metres and seconds."""
    return {
        "device_id": hours["device_id"],
        "hour": array_params.instants(hours["hour_us"]),
        "fixes": hours["fixes"],
        "distance_m": hours["distance_mm"] / 1e3,
        "moving_s": hours["moving_ms"] / 1e3,
        "idle_s": hours["idle_ms"] / 1e3,
        "max_speed_mps": hours["max_speed_mps"],
    }


def save_checkpoints(connection: psycopg.Connection[Any], made: Sequence[tuple[int, int, str]]) -> None:
    """Keep states before hours: device, hour in microseconds, state as JSON."""
    if not made:
        return
    given = {
        "device_id": [device for device, _, _ in made],
        "hour": array_params.instants(np.array([hour_us for _, hour_us, _ in made], np.int64)),
        "state": [state for _, _, state in made],
    }
    connection.execute(queries.get("save_checkpoints").encode(), given)


def _within(name: str, chunk: Chunk, **more: sql.Composable) -> sql.Composed:
    text = queries.get(name)
    return sql.SQL(text).format(**chunk.bounds, **more)


def _instant(us: int) -> sql.Composable:
    # A constant from the parser on: a cast would be worked out when it is too late to leave chunks out of an UPDATE.
    return sql.SQL("TIMESTAMPTZ {}").format(sql.Literal(_text(us)))


def _bounded(us: Times) -> npt.NDArray[np.datetime64]:
    # PostgreSQL's years end before numpy's do.
    least, most = (_us(dt.datetime(year, 1, 1, tzinfo=dt.UTC)) for year in (1, 9999))
    return array_params.instants(np.clip(us, least, most))


def _text(us: int) -> str:
    if not EVER_US[0] < us < EVER_US[1]:
        return _EVER[us > 0]
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=us)).isoformat()


def _us(time: dt.datetime) -> int:
    return (time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)

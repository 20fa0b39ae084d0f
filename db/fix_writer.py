"""Writes fixes and what follows from them, on one connection, inside the transaction that its caller holds.

Fixes newer than all that their device has go straight into the hypertable. Late ones may be there already, so they go
through INSERT … ON CONFLICT, and the caller computes the legs of the hours that they touched anew.
"""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import array_params, binary_copy, fix_rows, queries
from domain import telemetry

_REAL_COLUMNS = ("alt_m", "speed_mps", "course_deg", "hdop", "accuracy_m")
_PARAMETERS = (
    *("device_id", "lat", "lon", "seq", *_REAL_COLUMNS),
    *("quality", "satellites", "fix_mode"),
)
# In the order of the columns in db/sql/fix_writer.sql.
_FIX_COLUMNS = (
    *("time", "lat", "lon", "seq", "received_at", "device_id", *_REAL_COLUMNS, "distance_m"),
    *("quality", "satellites", "fix_mode", "moving", "late"),
)
_LATEST_COLUMNS = (
    *("device_id", "time", "lat", "lon", "seq", "received_at", *_REAL_COLUMNS),
    *("quality", "satellites", "fix_mode", "moving"),
)
_WINDOW_TYPES = [
    ("device_id", ">i4"),
    ("time_us", ">i8"),
    ("lat", ">f8"),
    ("lon", ">f8"),
    ("speed_mps", ">f4"),
    ("distance_m", ">f4"),
    ("moving", "?"),
    ("received_us", ">i8"),
    ("touched", "?"),
    ("before", "?"),
]
WINDOW_FIELDS = [*fix_rows.FIX_FIELDS, ("touched", "?"), ("before", "?"), ("old_distance_m", "f4"), ("old_moving", "?")]
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


class FixWriter:
    """The statements of db/sql/fix_writer.sql over one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        array_params.register(connection)
        connection.execute(_query("prepare_session"))
        connection.commit()

    def insert_new(self, rows: fix_rows.FixRows) -> None:
        """Store fixes that are newer than all that their devices have.

        Raises:
            psycopg.errors.UniqueViolation: one wasn't new.
        """
        distance = binary_copy.Column(_metres(rows["distance_mm"]).astype(">f4"))
        column = {**_columns(rows), "distance_m": distance, "late": binary_copy.Column(rows["late"])}
        self._copy("copy_fixes", [column[name] for name in _FIX_COLUMNS])

    def move_latest(self, newest: fix_rows.FixRows) -> None:
        """Move the latest positions forward; one row for each device."""
        column = _columns(newest)
        self._copy("copy_latest", [column[name] for name in _LATEST_COLUMNS])
        if self._connection.execute(_query("move_latest")).rowcount < len(newest):
            self._connection.execute(_query("add_latest"))

    def add_activity(self, hours: npt.NDArray[np.void]) -> None:
        """Add the sums of new fixes to their hours."""
        self._copy(
            "copy_activity",
            [
                binary_copy.Column(hours["device_id"].astype(">i4")),
                binary_copy.Column(_instants(hours["hour_us"])),
                binary_copy.Column(hours["fixes"].astype(">i4")),
                *(
                    binary_copy.Column((hours[name] / 1e3).astype(">f8"))
                    for name in ("distance_mm", "moving_ms", "idle_ms")
                ),
                _real(hours["max_speed_mps"]),
            ],
        )
        if self._connection.execute(_query("add_activity")).rowcount < len(hours):
            self._connection.execute(_query("begin_activity"))

    def insert_late(self, rows: fix_rows.FixRows) -> int:
        """Store fixes that may be there already; the number of those that made a difference."""
        parameters = {
            **_parameters(rows),
            "late": rows["late"],
            "unknown_hdop": telemetry.UNKNOWN_HDOP,
        }
        return self._connection.execute(_query("insert_late"), parameters).rowcount

    def late_window(self) -> fix_rows.FixRows:
        """The fixes of the hours that `insert_late` touched, sorted by device and time, in WINDOW_FIELDS.

        Where `before` is set, a row only serves as the one before the next.
        """
        with self._connection.cursor() as cursor, cursor.copy(_query("copy_late_window")) as copy:
            found = binary_copy.decode(b"".join(copy), _WINDOW_TYPES)
        rows = fix_rows.empty(len(found), WINDOW_FIELDS)
        for name in ("device_id", "lat", "lon", "speed_mps", "touched", "before"):
            rows[name] = found[name]
        for name in ("time_us", "received_us"):
            rows[name] = found[name] + array_params.POSTGRES_EPOCH_US
        rows["old_distance_m"], rows["old_moving"] = found["distance_m"], found["moving"]
        rows = rows[np.lexsort((rows["before"], rows["time_us"], rows["device_id"]))]
        # The fix before one hour may be the last of another one: the whole row goes before the auxiliary one.
        return rows[fix_rows.run_starts(rows["device_id"], rows["time_us"])]

    def update_legs(self, rows: fix_rows.FixRows) -> None:
        """Write the legs of rows that are there already."""
        if not len(rows):
            return
        times = array_params.instants(rows["time_us"])
        parameters = {
            "device_id": rows["device_id"],
            "time": times,
            "distance_m": _metres(rows["distance_mm"]).astype("f4"),
            "moving": rows["moving"],
            "first": _as_datetime(times.min()),
            "last": _as_datetime(times.max()),
        }
        self._connection.execute(_query("update_legs"), parameters)

    def set_activity(self, hours: npt.NDArray[np.void]) -> None:
        """Put hours in the place of what they were."""
        self._connection.execute(_query("set_activity"), _activity_parameters(hours))

    def refresh_latest(self) -> npt.NDArray[np.void]:
        """Make the latest position of each touched device its newest fix; those that changed."""
        changed = self._connection.execute(_query("refresh_latest")).fetchall()
        rows = np.zeros(len(changed), LATEST_DTYPE)
        for row, values in zip(rows, changed, strict=True):
            device_id, time, lat, lon, speed_mps, course_deg, fix_mode, moving = values
            row["device_id"], row["lat"], row["lon"] = device_id, lat, lon
            row["time_us"] = round(time.timestamp() * 1e6)
            row["speed_mps"] = np.nan if speed_mps is None else speed_mps
            row["course_deg"] = np.nan if course_deg is None else course_deg
            row["fix_mode"], row["moving"] = fix_mode, moving
        return rows

    def _copy(self, name: str, columns: list[binary_copy.Column]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_query(name)) as copy:
            copy.write(binary_copy.encode(columns))


def _columns(rows: fix_rows.FixRows) -> dict[str, binary_copy.Column]:
    """What a fix and a latest position have in common, as it goes into COPY."""
    column = binary_copy.Column
    return {
        "device_id": column(rows["device_id"].astype(">i4")),
        "time": column(_instants(rows["time_us"])),
        "lat": column(rows["lat"].astype(">f8")),
        "lon": column(rows["lon"].astype(">f8")),
        "seq": column(rows["seq"].astype(">i8")),
        "received_at": column(_instants(rows["received_us"])),
        **{name: _real(rows[name]) for name in _REAL_COLUMNS},
        "quality": column(rows["quality"].astype(">i4")),
        "satellites": column(rows["satellites"].astype(">i2"), rows["satellites"] == fix_rows.NO_SATELLITES),
        "fix_mode": column(rows["fix_mode"].astype(">i2")),
        "moving": column(rows["moving"]),
    }


def _real(values: npt.NDArray[np.float32]) -> binary_copy.Column:
    return binary_copy.Column(values.astype(">f4"), np.isnan(values))


def _query(name: str) -> bytes:
    return queries.get(name).encode()


def _instants(unix_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (unix_us - array_params.POSTGRES_EPOCH_US).astype(">i8")


def _metres(millimetres: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return millimetres / 1e3


def _as_datetime(instant: np.datetime64) -> Any:
    return instant.astype(object).replace(tzinfo=dt.UTC)


def _parameters(rows: fix_rows.FixRows) -> dict[str, Any]:
    times = {
        "time": array_params.instants(rows["time_us"]),
        "received_at": array_params.instants(rows["received_us"]),
    }
    return {name: rows[name] for name in _PARAMETERS} | times


def _activity_parameters(hours: npt.NDArray[np.void]) -> dict[str, Any]:
    return {
        "device_id": hours["device_id"],
        "hour": array_params.instants(hours["hour_us"]),
        "fixes": hours["fixes"],
        "distance_m": hours["distance_mm"] / 1e3,
        "moving_s": hours["moving_ms"] / 1e3,
        "idle_s": hours["idle_ms"] / 1e3,
        "max_speed_mps": hours["max_speed_mps"],
    }

"""Writes fixes and what follows from them, on one connection, inside the transaction that its caller holds.

Fixes newer than all that their device has go straight into the hypertable. Late ones may be there already, so they go
through INSERT … ON CONFLICT, and the caller derives anew what they touched (db.replay_store).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import array_params, binary_copy, fix_rows, queries
from domain import fix_quality, telemetry

_REAL_COLUMNS = ("alt_m", "speed_mps", "course_deg", "hdop", "accuracy_m")
_PARAMETERS = (
    *("device_id", "lat", "lon", "seq", *_REAL_COLUMNS),
    *("quality", "satellites", "fix_mode", "late", "odometer_m", "out_of_order"),
)
# In the order of the columns in db/sql/fix_writer.sql.
_FIX_COLUMNS = (
    *("time", "lat", "lon", "seq", "received_at", "device_id", *_REAL_COLUMNS, "distance_m"),
    *("quality", "satellites", "fix_mode", "moving", "late", "odometer_m", "out_of_order"),
)
_LATEST_COLUMNS = (
    *("device_id", "time", "lat", "lon", "seq", "received_at", *_REAL_COLUMNS),
    *("quality", "satellites", "fix_mode", "moving", "odometer_m"),
)
RECEIPT_DTYPE = np.dtype(
    [("device_id", "i4"), ("duplicates", "i4"), ("out_of_order", "i4"), ("late", "i4"), ("future", "i4")]
)
"""How many fixes of a device were odd on receipt."""
WRITTEN_DTYPE = np.dtype([("device_id", "i4"), ("time_us", "i8"), ("quality", "i4")])


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackState:
    """What is kept of a device's track beyond its latest position; times in microseconds since 1970."""

    device_id: int
    newest_us: int | None  #: None: that of the latest position
    aside_us: int | None
    state: str  #: JSON


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
        column = {
            **_columns(rows),
            "distance_m": distance,
            "late": binary_copy.Column(rows["late"]),
            "out_of_order": binary_copy.Column(rows["out_of_order"]),
        }
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

    def insert_late(self, rows: fix_rows.FixRows) -> npt.NDArray[np.void]:
        """Store fixes that may be there already; in WRITTEN_DTYPE those that made a difference, as they are now."""
        parameters = {
            **_parameters(rows),
            "unknown_hdop": telemetry.UNKNOWN_HDOP,
            "future": int(fix_quality.FixFlag.FUTURE),
        }
        return np.array(self._connection.execute(_query("insert_late"), parameters).fetchall(), WRITTEN_DTYPE)

    def insert_aside(self, rows: fix_rows.FixRows) -> npt.NDArray[np.void]:
        """Store fixes that stand outside of the order, none in the place of one within it; those written, in WRITTEN_DTYPE."""
        parameters = {**_parameters(rows), "unknown_hdop": telemetry.UNKNOWN_HDOP, "outside": int(fix_quality.OUTSIDE)}
        return np.array(self._connection.execute(_query("insert_aside"), parameters).fetchall(), WRITTEN_DTYPE)

    def save_track_states(self, states: Sequence[TrackState]) -> None:
        """Write where the deriving goes on with these devices."""
        parameters = {
            "device_id": [state.device_id for state in states],
            "newest": [_as_datetime(state.newest_us) for state in states],
            "aside_until": [_as_datetime(state.aside_us) for state in states],
            "state": [state.state for state in states],
        }
        self._connection.execute(_query("save_track_states"), parameters)

    def count_receipts(self, counts: npt.NDArray[np.void], day: dt.date) -> None:
        """Add to what was odd about a UTC day's receipts; records in RECEIPT_DTYPE, one for each device."""
        self._connection.execute(
            _query("count_receipts"), {name: counts[name] for name in RECEIPT_DTYPE.names or ()} | {"day": day}
        )

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
        "odometer_m": column(rows["odometer_m"].astype(">f8"), np.isnan(rows["odometer_m"])),
    }


def _real(values: npt.NDArray[np.float32]) -> binary_copy.Column:
    return binary_copy.Column(values.astype(">f4"), np.isnan(values))


def _query(name: str) -> bytes:
    return queries.get(name).encode()


def _instants(unix_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (unix_us - array_params.POSTGRES_EPOCH_US).astype(">i8")


def _metres(millimetres: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return millimetres / 1e3


def _as_datetime(unix_us: int | None) -> dt.datetime | None:
    return None if unix_us is None else dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=unix_us)


def _parameters(rows: fix_rows.FixRows) -> dict[str, Any]:
    times = {
        "time": array_params.instants(rows["time_us"]),
        "received_at": array_params.instants(rows["received_us"]),
    }
    return {name: rows[name] for name in _PARAMETERS} | times

"""Fixes as numpy records: what ingest computes on, and what the fix writer stores.

Floats have the precision of their column from the start, so that a rule comes to the same answer on a fix that has just
arrived and on the same fix read back. NaN and −1 stand for "not told".
"""

from typing import Any

import numpy as np
import numpy.typing as npt

FixRows = npt.NDArray[np.void]
"""Records of FIX_FIELDS; callers may add fields of their own."""

FIX_FIELDS: list[tuple[str, str]] = [
    ("device_id", "i4"),
    ("time_us", "i8"),  # since 1970-01-01 UTC
    ("lat", "f8"),
    ("lon", "f8"),
    ("odometer_m", "f8"),
    ("seq", "i8"),
    ("received_us", "i8"),
    ("alt_m", "f4"),
    ("speed_mps", "f4"),
    ("course_deg", "f4"),
    ("hdop", "f4"),
    ("accuracy_m", "f4"),
    ("satellites", "i2"),
    ("fix_mode", "i2"),
    ("quality", "i4"),
    ("late", "?"),
    ("out_of_order", "?"),
    # The leg from the device's fix before; whole millimetres and milliseconds add up to the same sum in any order.
    ("distance_mm", "i8"),
    ("moving_ms", "i8"),
    ("idle_ms", "i8"),
    ("moving", "?"),
    # Where the fences see it: drift at the anchor (domain.track).
    ("place_lat", "f8"),
    ("place_lon", "f8"),
]
FIX_DTYPE = np.dtype(FIX_FIELDS)

ACTIVITY_DTYPE = np.dtype(
    [
        ("device_id", "i4"),
        ("hour_us", "i8"),
        ("fixes", "i4"),
        ("distance_mm", "i8"),
        ("moving_ms", "i8"),
        ("idle_ms", "i8"),
        ("max_speed_mps", "f4"),
    ]
)
"""What one device did in one hour."""

NO_SATELLITES = -1
HOUR_US = 3_600_000_000


def empty(count: int, fields: list[tuple[str, str]] | None = None) -> FixRows:
    """`count` records whose optional columns are not told and whose flags and legs are zero."""
    rows: FixRows = np.zeros(count, np.dtype(fields or FIX_FIELDS))
    for name in ("alt_m", "speed_mps", "course_deg", "hdop", "accuracy_m", "odometer_m"):
        rows[name] = np.nan
    rows["satellites"] = NO_SATELLITES
    return rows


def run_starts(*columns: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Index of each first record of a run of equal values, in columns sorted alike."""
    count = len(columns[0])
    if count == 0:
        return np.zeros(0, np.intp)
    differs = np.zeros(count, np.bool_)
    differs[0] = True
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


def run_ends(*columns: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Index of each last record of a run of equal values, in columns sorted alike."""
    starts = run_starts(*columns)
    return np.append(starts[1:], len(columns[0])) - 1 if len(starts) else starts

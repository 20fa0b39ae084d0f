"""The vectorised twin of `domain.activity`: legs of many devices at once, and what each did in each hour."""

import numpy as np
import numpy.typing as npt
import pyproj

from db import fix_rows
from domain import activity

_GEOD = pyproj.Geod(ellps="WGS84")
_LONGEST_GAP_US = round(activity.LONGEST_GAP_S * 1e6)

Before = npt.NDArray[np.void]
"""Records of BEFORE_DTYPE, one for each device: its fix before the rows at hand."""
BEFORE_DTYPE = np.dtype([("known", "?"), ("time_us", "i8"), ("lat", "f8"), ("lon", "f8")])


def measure(rows: fix_rows.FixRows, starts: npt.NDArray[np.intp], before: Before) -> None:
    """Fill in the leg of each row.

    Args:
        rows: sorted by device and time, no time twice for one device.
        starts: index of each device's first row.
        before: for each of `starts`, the fix before it.
    """
    if not len(rows):
        return
    previous = np.empty(len(rows), BEFORE_DTYPE)
    previous["known"] = True
    for name in ("time_us", "lat", "lon"):
        previous[name][1:] = rows[name][:-1]
    previous[starts] = before
    _, _, distance_m = _GEOD.inv(previous["lon"], previous["lat"], rows["lon"], rows["lat"])
    known = previous["known"]
    distance_m = np.where(known, distance_m, 0.0)
    elapsed_us = np.where(known, rows["time_us"] - previous["time_us"], 0)
    told = ~np.isnan(rows["speed_mps"])
    with np.errstate(divide="ignore", invalid="ignore"):
        derived_mps = np.where(known, distance_m / (elapsed_us / 1e6), 0.0)
    moving = np.where(told, rows["speed_mps"], derived_mps) >= activity.MOVING_SPEED_MPS
    counted_ms = np.where(elapsed_us <= _LONGEST_GAP_US, np.rint(elapsed_us / 1e3), 0).astype(np.int64)
    rows["distance_mm"] = np.rint(distance_m * 1e3)
    rows["moving"] = moving
    rows["moving_ms"] = np.where(moving, counted_ms, 0)
    rows["idle_ms"] = np.where(moving, 0, counted_ms)


def by_hour(rows: fix_rows.FixRows) -> npt.NDArray[np.void]:
    """The sums of each device and hour; rows are sorted by device and time and their legs are filled in."""
    hour_us = rows["time_us"] - rows["time_us"] % fix_rows.HOUR_US
    starts = fix_rows.run_starts(rows["device_id"], hour_us)
    hours = np.zeros(len(starts), fix_rows.ACTIVITY_DTYPE)
    if not len(starts):
        return hours
    hours["device_id"] = rows["device_id"][starts]
    hours["hour_us"] = hour_us[starts]
    hours["fixes"] = np.diff(np.append(starts, len(rows)))
    for name in ("distance_mm", "moving_ms", "idle_ms"):
        hours[name] = np.add.reduceat(rows[name], starts)
    # fmax passes over what is not told, and stays NaN where nothing is.
    hours["max_speed_mps"] = np.fmax.reduceat(rows["speed_mps"], starts)
    return hours

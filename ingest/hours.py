"""What each of many devices did in each hour."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from db import fix_rows


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


def merged(parts: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """Sums of parts, where an hour may be in several."""
    hours = np.concatenate([np.zeros(0, fix_rows.ACTIVITY_DTYPE), *parts])
    hours = hours[np.lexsort((hours["hour_us"], hours["device_id"]))]
    starts = fix_rows.run_starts(hours["device_id"], hours["hour_us"])
    made = hours[starts]
    if len(starts):
        for name in ("fixes", "distance_mm", "moving_ms", "idle_ms"):
            made[name] = np.add.reduceat(hours[name], starts)
        made["max_speed_mps"] = np.fmax.reduceat(hours["max_speed_mps"], starts)
    return made

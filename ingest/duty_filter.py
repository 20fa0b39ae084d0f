"""Tells the fixes that are not kept, since whoever has the device is off duty (R59); the vectorised twin of `domain.duty`."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import duty


def judged_us(rows: fix_rows.FixRows, *, floor_us: npt.NDArray[np.int64], ahead_us: int) -> npt.NDArray[np.int64]:
    """The times by which fixes are judged: their own, and those of receipt where their own can't be true."""
    time_us, received_us = rows["time_us"], rows["received_us"]
    found: npt.NDArray[np.int64] = np.where(
        (time_us < floor_us) | (time_us - received_us > ahead_us), received_us, time_us
    )
    return found


def off_duty(
    device_ids: npt.NDArray[np.int32], times_us: npt.NDArray[np.int64], held: Mapping[int, Sequence[duty.Held]]
) -> npt.NDArray[np.bool_]:
    """Which of these fixes are not kept."""
    is_off = np.zeros(len(device_ids), np.bool_)
    if not held or not len(device_ids):
        return is_off
    order = np.argsort(device_ids, kind="stable")
    starts = fix_rows.run_starts(device_ids[order])
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        periods = duty.off_duty(held.get(int(device_ids[order[start]]), ()))
        if periods:
            rows = order[start:end]
            bounds = np.array([(each.since_us, each.until_us) for each in periods]).ravel()
            # After an odd number of bounds a period has begun and not ended.
            is_off[rows] = np.searchsorted(bounds, times_us[rows], side="right") % 2 == 1
    return is_off

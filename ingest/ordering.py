"""Order within a batch: sorted by device and time, one fix for one time, and what is late set apart."""

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import telemetry


def sort(rows: fix_rows.FixRows) -> fix_rows.FixRows:
    """Sort by slot and time; of several contents for one time the best stays (domain.telemetry.quality_rank)."""
    rows = rows[np.lexsort((rows["time_us"], rows["slot"]))]
    repeats = (rows["slot"][1:] == rows["slot"][:-1]) & (rows["time_us"][1:] == rows["time_us"][:-1])
    if not repeats.any():
        return rows
    hdop = np.where(np.isnan(rows["hdop"]), np.float32(telemetry.UNKNOWN_HDOP), rows["hdop"])
    rank = (rows["lon"], rows["lat"], rows["seq"], -hdop, rows["fix_mode"])
    rows = rows[np.lexsort((*rank, rows["time_us"], rows["slot"]))]
    starts = fix_rows.run_starts(rows["slot"], rows["time_us"])
    best: fix_rows.FixRows = rows[np.append(starts[1:], len(rows)) - 1]
    return best


def late_rows(rows: fix_rows.FixRows, slots: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which rows are not newer than the newest fix that is known of their device."""
    at = rows["slot"]
    late: npt.NDArray[np.bool_] = slots["known"][at] & (rows["time_us"] <= slots["time_us"][at])
    return late


def ack_runs(rows: fix_rows.FixRows) -> list[tuple[int, int, int]]:
    """Slot, first and last seq of runs of consecutive numbers; together they are exactly the numbers of these rows."""
    if not len(rows):
        return []
    slot, seq = rows["slot"], rows["seq"]
    breaks = np.ones(len(rows), np.bool_)
    breaks[1:] = (slot[1:] != slot[:-1]) | (seq[1:] != seq[:-1] + 1)
    starts = np.flatnonzero(breaks)
    ends = np.append(starts[1:], len(rows)) - 1
    return list(zip(slot[starts].tolist(), seq[starts].tolist(), seq[ends].tolist(), strict=True))

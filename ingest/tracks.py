"""The vectorised twin of `domain.track` and `domain.fix_quality`: the fixes of many devices at once.

Devices that drive all through a batch and devices that stand parked all through it are judged in whole columns
(`track_batch`). All others go through the plain fold (`track_walk`). Distances come from one function everywhere, so that a
device has the same track whichever way it went.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain import fix_quality, track
from ingest import track_batch, track_columns, track_walk


def flag(rows: fix_rows.FixRows, limits: track_columns.Columns) -> None:
    """Set what is wrong with each row by itself; `limits` stand beside the rows, in limits.COLUMNS_DTYPE."""
    with np.errstate(invalid="ignore"):
        inaccurate = (rows["hdop"] > limits["max_hdop"]) | (rows["accuracy_m"] > limits["max_accuracy_m"])
    reach_deg = np.maximum(np.abs(rows["lat"]), np.abs(rows["lon"]))
    flags = fix_quality.FixFlag
    rows["quality"] = (
        inaccurate * int(flags.INACCURATE)
        | (reach_deg < fix_quality.ZERO_ISLAND_DEG) * int(flags.ZERO_ISLAND)
        | (rows["time_us"] < limits["floor_us"]) * int(flags.IMPOSSIBLE_DATE)
        | (rows["time_us"] - rows["received_us"] > fix_quality.FUTURE_S * track.US) * int(flags.FUTURE)
    )


def fold(
    rows: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    *,
    before: track_columns.Columns,
    states: Mapping[int, track.State],
    seen_us: npt.NDArray[np.int64],
    limits: track_columns.Columns,
    thresholds: Sequence[fix_quality.Thresholds],
) -> track_columns.Folded:
    """Fill in quality, leg and place of each row.

    Args:
        rows: sorted by device and time, no time twice for one device, none with a flag of its own.
        starts: index of each device's first row.
        before: for each of `starts`, the device before it, in track_columns.TRACK_DTYPE.
        states: of those that aren't PLAIN, by index into `starts`.
        seen_us: for each of `starts`, the time of the last row before, be it a jump; the least number: none.
        limits: for each of `starts`, in limits.COLUMNS_DTYPE.
        thresholds: the same as objects.
    """
    batch = track_batch.TrackBatch(
        rows, starts, before=before, states=states, seen_us=seen_us, limits=limits, thresholds=thresholds
    )
    for index in batch.settle():
        track_walk.Walk(batch, index).go()
    return batch.result

"""Order within a batch: sorted by device and time, one fix for one time, and what is late set apart."""

import numpy as np
import numpy.typing as npt

from db import fix_rows, fix_writer
from domain import fix_quality, telemetry


def sort(rows: fix_rows.FixRows) -> fix_rows.FixRows:
    """Sort by slot and time; of several contents for one time the best stays (domain.telemetry.quality_rank)."""
    rows = rows[np.lexsort((rows["time_us"], rows["slot"]))]
    repeats = (rows["slot"][1:] == rows["slot"][:-1]) & (rows["time_us"][1:] == rows["time_us"][:-1])
    if not repeats.any():
        return rows
    hdop = np.where(np.isnan(rows["hdop"]), np.float32(telemetry.UNKNOWN_HDOP), rows["hdop"])
    more = [rows[name] for name in ("odometer_m", "satellites", "accuracy_m", "course_deg", "speed_mps", "alt_m")]
    told = (np.where(np.isnan(column), -np.inf, column) for column in more)
    rank = (*told, rows["lon"], rows["lat"], rows["seq"], -hdop, rows["fix_mode"])
    rows = rows[np.lexsort((*rank, rows["time_us"], rows["slot"]))]
    starts = fix_rows.run_starts(rows["slot"], rows["time_us"])
    best: fix_rows.FixRows = rows[np.append(starts[1:], len(rows)) - 1]
    return best


def late_rows(rows: fix_rows.FixRows, slots: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which rows are not newer than the newest fix that is known of their device."""
    late: npt.NDArray[np.bool_] = rows["time_us"] <= slots["newest_us"][rows["slot"]]
    return late


def disordered(rows: fix_rows.FixRows, slots: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which rows, in the order of arrival, come after one of their device that is newer; none of those outside of the order."""
    stands = (rows["quality"] & int(fix_quality.OUTSIDE)) == 0
    if not stands.all():
        among = np.zeros(len(rows), np.bool_)
        among[stands] = disordered(rows[stands], slots)
        return among
    order = np.argsort(rows["slot"], kind="stable")
    slot, time_us = rows["slot"][order], rows["time_us"][order]
    found = time_us < slots["newest_us"][slot]
    falls = (slot[1:] == slot[:-1]) & (time_us[1:] < time_us[:-1])
    for one in np.unique(slot[1:][falls]).tolist():
        own = slice(*np.searchsorted(slot, [one, one + 1]).tolist())
        found[own] |= time_us[own] < np.maximum.accumulate(time_us[own])
    marked: npt.NDArray[np.bool_] = np.zeros(len(rows), np.bool_)
    marked[order] = found
    return marked


def receipts(
    arrived: npt.NDArray[np.int32], rows: fix_rows.FixRows, slots: npt.NDArray[np.void]
) -> npt.NDArray[np.void]:
    """What was odd about these rows, a record of each device that has something; in fix_writer.RECEIPT_DTYPE.

    Args:
        arrived: the slot of each row before repetitions were dropped.
        rows: what is left of them.
        slots: the registry's columns.
    """
    is_future = (rows["quality"] & int(fix_quality.FixFlag.FUTURE)) != 0
    if len(arrived) == len(rows) and not (rows["out_of_order"].any() or rows["late"].any() or is_future.any()):
        return np.zeros(0, fix_writer.RECEIPT_DTYPE)
    counted = np.zeros(len(slots), fix_writer.RECEIPT_DTYPE)
    counted["device_id"] = slots["device_id"]
    counted["duplicates"] = np.bincount(arrived, minlength=len(slots)) - np.bincount(rows["slot"], minlength=len(slots))
    for name, marked in (("out_of_order", rows["out_of_order"]), ("late", rows["late"]), ("future", is_future)):
        counted[name] = np.bincount(rows["slot"][marked], minlength=len(slots))
    return _odd(counted)


def known_receipts(rows: fix_rows.FixRows, written: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """What to add to `receipts` of those of these rows that were not written, because they were there."""
    made = set(zip(written["device_id"].tolist(), written["time_us"].tolist(), strict=True))
    pairs = zip(rows["device_id"].tolist(), rows["time_us"].tolist(), strict=True)
    known = rows[np.array([pair not in made for pair in pairs], np.bool_)]
    devices, at = np.unique(known["device_id"], return_inverse=True)
    counted = np.zeros(len(devices), fix_writer.RECEIPT_DTYPE)
    counted["device_id"] = devices
    counted["duplicates"] = np.bincount(at, minlength=len(devices))
    is_future = (known["quality"] & int(fix_quality.FixFlag.FUTURE)) != 0
    for name, marked in (("out_of_order", known["out_of_order"]), ("late", known["late"]), ("future", is_future)):
        counted[name] = -np.bincount(at[marked], minlength=len(devices))
    return counted


def _odd(counted: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    odd: npt.NDArray[np.void] = counted[
        (counted["duplicates"] + counted["out_of_order"] + counted["late"] + counted["future"]) > 0
    ]
    return odd


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

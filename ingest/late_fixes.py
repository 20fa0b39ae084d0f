"""Fixes that come after newer ones: everything that follows from the order is made what ordered arrival would have given."""

from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import fence_log, fix_rows, fix_writer
from ingest import fence_engine, legs, pipeline


def store(
    rows: fix_rows.FixRows,
    *,
    writer: fix_writer.FixWriter,
    connection: psycopg.Connection[Any],
    state: pipeline.State,
) -> npt.NDArray[np.void]:
    """Write late fixes and derive again what they touch; the latest positions that changed.

    Of `rows` there is at most one for each device and time, and all of these devices have a slot.
    """
    if not writer.insert_late(rows):
        return np.zeros(0, fix_writer.LATEST_DTYPE)  # all of it was known
    window = writer.late_window()
    starts = fix_rows.run_starts(window["device_id"])
    legs.measure(window, starts, np.zeros(len(starts), legs.BEFORE_DTYPE))
    _save_legs(window, writer)
    _save_crossings(window, starts, connection, state)
    return writer.refresh_latest()


def _save_legs(window: fix_rows.FixRows, writer: fix_writer.FixWriter) -> None:
    # A row that only serves as the one before the next may itself have no one before it in this window.
    rows = window[~window["before"]]
    distance_m = (rows["distance_mm"] / 1e3).astype(np.float32)
    changed = (distance_m != rows["old_distance_m"]) | (rows["moving"] != rows["old_moving"])
    writer.update_legs(rows[changed])
    writer.set_activity(legs.by_hour(rows))


def _save_crossings(
    window: fix_rows.FixRows,
    starts: npt.NDArray[np.intp],
    connection: psycopg.Connection[Any],
    state: pipeline.State,
) -> None:
    """A fix decides, with the one before it, on its crossings: those of late fixes and of the ones after them are new."""
    follows_touched = np.zeros(len(window), np.bool_)
    follows_touched[1:] = window["touched"][:-1] & (window["device_id"][1:] == window["device_id"][:-1])
    redone = (window["touched"] | follows_touched) & ~window["before"]
    engine = state.fences.engine
    tenants = state.fence_tenants(state.devices.slots_of_devices(window["device_id"].tolist()))
    none = np.zeros(0, np.int64)
    found = fence_engine.crossings(
        count=len(window),
        starts=starts,
        inside=engine.inside(window["lat"], window["lon"], tenants),
        before=(none, none),
        fence_count=len(engine.fences),
    )
    crossings = state.fences.records(window, found)[redone[found.row]]
    crossings["late"] = True
    rows = window[redone]
    fence_log.replace_events(connection, device_id=rows["device_id"], time_us=rows["time_us"], crossings=crossings)
    fence_log.reset_presence(connection, np.unique(rows["device_id"]).tolist())

"""Writes what the pipeline has made of a batch: everything in the one transaction that the caller holds."""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import fence_store, fix_rows, fix_writer, reject_log, replay_store
from ingest import iso_times, late_fixes, ordering, pipeline

LIVE_DTYPE = np.dtype(
    [
        ("tenant", "i4"),  # index into the registry's tenants
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
"""A latest position that has changed, for the live screens."""


class BatchStore:
    """The tables of the fixes lane over one connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._writer = fix_writer.FixWriter(connection)

    def save(self, batch: pipeline.Batch, state: pipeline.State) -> npt.NDArray[np.void]:
        """Write a batch; the latest positions that changed, in LIVE_DTYPE."""
        if batch.rejects:
            reject_log.add(self._connection, batch.rejects)
        parts = []
        received_at = iso_times.datetime_of(batch.received_us)
        if len(batch.new):
            self._save_new(batch)
            parts.append(_live(batch.newest, batch.newest["slot"], state))
        if batch.track_states:
            self._writer.save_track_states(batch.track_states)
        self._count(batch.receipts, received_at)
        if len(batch.aside):
            self._count_known(batch.aside, self._writer.insert_aside(batch.aside), received_at)
        if len(batch.late):
            written = self._writer.insert_late(batch.late)
            self._count_known(batch.late, written, received_at)
            changed = late_fixes.derive(
                written, writer=self._writer, connection=self._connection, state=state, now=received_at
            )
            parts.append(_live(changed, state.devices.slots_of_devices(changed["device_id"].tolist()), state))
            state.devices.forget_newest(np.unique(batch.late["slot"]))
        return np.concatenate(parts) if parts else np.zeros(0, LIVE_DTYPE)

    def _count(self, receipts: npt.NDArray[np.void], received_at: dt.datetime) -> None:
        if len(receipts):
            self._writer.count_receipts(receipts, received_at.date())

    def _count_known(self, rows: fix_rows.FixRows, written: npt.NDArray[np.void], received_at: dt.datetime) -> None:
        """What was there already was neither late nor out of order: it came twice."""
        if len(written) < len(rows):
            self._count(ordering.known_receipts(rows, written), received_at)

    def _save_new(self, batch: pipeline.Batch) -> None:
        self._writer.insert_new(batch.new)
        if len(batch.newest):
            self._writer.move_latest(batch.newest)
            self._writer.add_activity(batch.hours)
        replay_store.save_checkpoints(self._connection, batch.checkpoints)
        fence_store.tell(self._connection, batch.fenced.events)
        fence_store.save_stays(self._connection, batch.fenced.stays)


def _live(rows: fix_rows.FixRows, slots: npt.NDArray[np.integer], state: pipeline.State) -> npt.NDArray[np.void]:
    live = np.zeros(len(rows), LIVE_DTYPE)
    for name in LIVE_DTYPE.names or ():
        if name != "tenant":
            live[name] = rows[name]
    live["tenant"] = state.devices.slots["tenant"][slots]
    return live

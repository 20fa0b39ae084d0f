"""From batch to batch: where each track is, in this process and in the rows that another one goes on from."""

import json

import numpy as np
import numpy.typing as npt

from db import fix_rows, fix_writer
from domain import track
from ingest import registry, track_columns


def advance(
    devices: registry.Registry,
    rows: fix_rows.FixRows,
    aside: fix_rows.FixRows,
    slots: npt.NDArray[np.integer],
    folded: track_columns.Folded,
) -> list[fix_writer.TrackState]:
    """Take where the devices are after a batch; the states that must be written anew.

    Args:
        devices: is moved on.
        rows: all new rows that stand in the order, flagged ones too.
        aside: those that don't.
        slots: the devices that were folded.
        folded: what came of it.
    """
    devices.advance(slots, folded)
    columns = devices.slots
    ends = fix_rows.run_ends(rows["slot"])
    touched = rows["slot"][ends]
    columns["newest_us"][touched] = rows["time_us"][ends]
    tells = ~columns["known"][touched] | (columns["newest_us"][touched] != columns["time_us"][touched])
    to_write = set(touched[tells | columns["tells_newest"][touched]].tolist())
    columns["tells_newest"][touched] = tells
    to_write.update(slots[folded.changed].tolist())
    if len(aside):
        former = columns["aside_us"].copy()
        np.maximum.at(columns["aside_us"], aside["slot"], aside["time_us"])
        to_write.update(np.flatnonzero(columns["aside_us"] != former).tolist())
    return [row_of(devices, slot) for slot in sorted(to_write)]


def row_of(devices: registry.Registry, slot: int) -> fix_writer.TrackState:
    """What is written of a slot."""
    columns = devices.slots[slot]
    state = devices.states.get(slot, track.START)
    return fix_writer.TrackState(
        device_id=int(columns["device_id"]),
        newest_us=int(columns["newest_us"]) if columns["tells_newest"] else None,
        aside_us=None if columns["aside_us"] == registry.NEVER_US else int(columns["aside_us"]),
        state=bare_json(state),
    )


def bare_json(state: track.State) -> str:
    """A state as JSON, without the last fix, which is the latest position."""
    return json.dumps(track.to_json(state, with_last=False))

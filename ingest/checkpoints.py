"""Where deriving anew can begin: a device's whole state before the first fix of each hour."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db import fix_rows
from domain import fence_states, track
from ingest import track_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The fix that opens an hour of a device, and the track just before it."""

    slot: int
    device_id: int
    time_us: int
    state: track.State


def openings_of(rows: fix_rows.FixRows, folded: track_columns.Folded) -> list[Opening]:
    """The rows that open an hour, with the tracks before them."""
    return [
        Opening(
            slot=int(rows["slot"][item.row]),
            device_id=int(rows["device_id"][item.row]),
            time_us=int(rows["time_us"][item.row]),
            state=item.state,
        )
        for item in folded.checkpoints
    ]


def rows_of(openings: Sequence[Opening], stays: Sequence[fence_states.Stays]) -> list[tuple[int, int, str]]:
    """What is written of checkpoints: device, hour in microseconds, whole state."""
    return [
        (each.device_id, each.time_us - each.time_us % fix_rows.HOUR_US, json.dumps(whole_json(each.state, of_fences)))
        for each, of_fences in zip(openings, stays, strict=True)
    ]


def whole_json(state: track.State, stays: fence_states.Stays) -> dict[str, Any]:
    """A device's whole state as JSON keeps it: its track and its stays."""
    return track.to_json(state) | ({"fences": fence_states.to_json(stays)} if stays else {})


def whole_of(kept: Mapping[str, Any]) -> tuple[track.State, fence_states.Stays]:
    """The track and the stays that `whole_json` has kept."""
    bare = {name: value for name, value in kept.items() if name != "fences"}
    return track.from_json(bare), fence_states.from_json(kept.get("fences", {}))

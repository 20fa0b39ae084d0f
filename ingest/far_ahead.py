"""Fixes from further in the future than any wrong time zone explains: kept among the rejects, not in the table.

Each day there is a chunk, and chunks are for all devices: one device with a broken clock must not make thousands.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from db import device_lookup, fix_rows, reject_log
from domain import fix_quality, track
from domain.wire import fields
from ingest import iso_times

REASON = "{} fixes are over a day ahead of their receipt"


def are(rows: fix_rows.FixRows) -> npt.NDArray[np.bool_]:
    """Which of these rows are."""
    ahead: npt.NDArray[np.bool_] = rows["time_us"] - rows["received_us"] > fix_quality.FARTHEST_AHEAD_S * track.US
    return ahead


def rejects(
    rows: fix_rows.FixRows,
    *,
    topics: Sequence[bytes],
    payloads: Sequence[bytes],
    names: Sequence[device_lookup.Name],
) -> list[reject_log.Reject]:
    """What is kept of such rows: of each of their messages the elements that they came in, as they came.

    Args:
        rows: with `message`, their index into `topics` and `payloads`, and `slot`, their index into `names`.
        topics: of the batch.
        payloads: of the batch.
        names: of all devices.
    """
    made = []
    for message in np.unique(rows["message"]).tolist():
        own = rows[rows["message"] == message]
        seqs = frozenset(own["seq"].tolist())
        elements = [each for each in fields.load(payloads[message]) if _seq(each) in seqs]
        tenant, device = names[int(own["slot"][0])]
        made.append(
            reject_log.Reject(
                topic=topics[message].decode(),
                # In ASCII, and whatever it holds: beside the good elements there may be bad ones with a number of theirs.
                payload=json.dumps(elements, separators=(",", ":")).encode(),
                reason=REASON.format(len(own)),
                received_at=iso_times.datetime_of(int(own["received_us"][0])),
                tenant=tenant,
                device=device,
            )
        )
    return made


def _seq(element: Any) -> int | None:
    seq = element.get("seq") if isinstance(element, dict) else None
    return seq if isinstance(seq, int) else None

"""What late data changes at the fences: the events and stays of windows that are derived anew."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db import fence_store, fix_rows
from domain import fence_states, track
from ingest import checkpoints, fence_judge, fence_watch, pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Stays after a piece, by device, and before each of its openings."""

    after: Mapping[int, fence_states.Stays]
    openings: Sequence[fence_states.Stays]


class FenceReplay:
    """Derives the events of devices piece by piece, in the order of time, and replaces those that are kept."""

    def __init__(self, state: pipeline.State) -> None:
        self._state = state
        self._told: list[fence_store.EventRow] = []

    def take(
        self,
        good: fix_rows.FixRows,
        before: Mapping[int, track.State],
        stays: Mapping[int, fence_states.Stays],
        openings: Sequence[checkpoints.Opening],
    ) -> Replayed:
        """Take the next good fixes of some devices.

        Args:
            good: sorted by device and time, with their places.
            before: each device's track before its first row.
            stays: each device's stays before its first row.
            openings: for which the stays are wanted; of any of these devices.
        """
        watch = self._state.fences
        starts = fix_rows.run_starts(good["device_id"])
        devices = good["device_id"][starts].tolist()
        last = np.zeros(len(devices), fence_judge.BEFORE_DTYPE)
        for index, device in enumerate(devices):
            if (place := fence_watch.place_of(before[device])) is not None:
                last[index] = (True, *place)
        # A device without a good fix here comes last.
        others = [device for device in stays if device not in set(devices)]
        states = [stays[device] for device in (*devices, *others)]
        judged = fence_judge.judge_states(
            watch.index,
            good,
            starts,
            tenants=self._state.fence_tenants(good["slot"]),
            before=last,
            states=states[: len(devices)],
        )
        self._told += watch.event_rows(good, judged.told, late=True)
        number = {device: index for index, device in enumerate((*devices, *others))}
        wanted = [(number[each.device_id], each.time_us) for each in openings]
        after = {
            devices[index]: fence_judge.changed_stays(states[index], change)
            for index, change in judged.changed().items()
        }
        return Replayed(after=after, openings=fence_judge.stays_before(judged, good, states.__getitem__, wanted))

    def save(self, connection: psycopg.Connection[Any], windows: Mapping[str, Any], *, now: dt.datetime) -> None:
        """Make the events of windows of devices (`replay_store.windows`) those that were derived."""
        scope = self._state.fences.scope(windows["device_id"].tolist())
        fence_store.replace(connection, windows, self._told, scope=scope, now=now)

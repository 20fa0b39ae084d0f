"""What late data changes at the fences: the crossings of the windows that are derived anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg

from db import fence_log, fix_rows
from domain import track
from ingest import fence_engine, pipeline


class FenceReplay:
    """Replaces the events of devices piece by piece, in the order of time."""

    def __init__(self, connection: psycopg.Connection[Any], state: pipeline.State) -> None:
        self._connection, self._state = connection, state

    def take(self, rows: fix_rows.FixRows, good: fix_rows.FixRows, before: Mapping[int, track.State]) -> None:
        """Make the events at these rows what follows from the good ones of them.

        Args:
            rows: of whole devices or parts of them, sorted by device and time.
            good: those that count, with their places.
            before: each device's state before its first row.
        """
        engine = self._state.fences.engine
        seen, starts = good.copy(), fix_rows.run_starts(good["device_id"])
        seen["lat"], seen["lon"] = good["place_lat"], good["place_lon"]
        tenants = self._state.fence_tenants(seen["slot"])
        places = [_place(before[device]) for device in seen["device_id"][starts].tolist()]
        known = np.array([place is not None for place in places], np.bool_)
        lat = np.array([place[0] for place in places if place is not None])
        lon = np.array([place[1] for place in places if place is not None])
        at, fence = engine.inside(lat, lon, tenants[starts[known]])
        found = fence_engine.crossings(
            count=len(seen),
            starts=starts,
            inside=engine.inside(seen["lat"], seen["lon"], tenants),
            before=(starts[known][at], fence),
            fence_count=len(engine.fences),
        )
        crossings = self._state.fences.records(seen, found)
        crossings["late"] = True
        fence_log.replace_events(
            self._connection, device_id=rows["device_id"], time_us=rows["time_us"], crossings=crossings
        )

    def finish(self, device_ids: Sequence[int]) -> None:
        """Bring the presence of these devices up to their events."""
        fence_log.reset_presence(self._connection, device_ids)


def _place(state: track.State) -> tuple[float, float] | None:
    """Where the fences have seen a device last."""
    if state.last is None:
        return None
    place = state.anchor if state.is_parked and state.anchor is not None else state.last
    return place.lat, place.lon

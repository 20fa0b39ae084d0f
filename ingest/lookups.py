"""What the pipeline asks of the database about devices that it has not met, over a connection of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import array_params, device_lookup, duty, fence_store, replay_store
from domain import duty as domain_duty
from domain import telemetry
from ingest import fence_watch, pipeline, track_columns


class Lookups:
    """Implements `pipeline.Lookups`."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        array_params.register(connection)

    def devices(self, names: Sequence[device_lookup.Name]) -> Mapping[device_lookup.Name, telemetry.DeviceRef]:
        """The registered devices among these."""
        return device_lookup.find_devices(self._connection, names)

    def load(self, slots: npt.NDArray[np.int32], state: pipeline.State) -> None:
        """Fill in the track and the presence of these slots."""
        device_ids = state.devices.slots["device_id"][slots]
        state.devices.set_tracks(slots, device_lookup.load_tracks(self._connection, device_ids))
        stays = fence_store.load_stays(self._connection, device_ids)
        by_slot = zip(state.devices.slots_of_devices(stays).tolist(), stays.values(), strict=True)
        last = {slot: place for slot in slots.tolist() if (place := _place_of(state, slot)) is not None}
        state.fences.set_devices(slots, found=dict(by_slot), last=last)

    def held(
        self, device_ids: npt.NDArray[np.int32], since_us: int, until_us: int
    ) -> Mapping[int, Sequence[domain_duty.Held]]:
        """Who has these devices within a time, and when they are on duty; of tenants that keep no other positions."""
        return duty.load_held(self._connection, device_ids.tolist(), since_us=since_us, until_us=until_us)

    def stored(self, device_ids: npt.NDArray[np.int32], times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these fixes are in the table already."""
        found = np.zeros(len(device_ids), np.bool_)
        found[replay_store.stored_fixes(self._connection, device_ids, times_us)] = True
        return found

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _place_of(state: pipeline.State, slot: int) -> fence_watch.Place | None:
    devices = state.devices
    columns = devices.slots[list(track_columns.TRACK_DTYPE.names or ())][slot]
    return fence_watch.place_of(track_columns.whole_state(columns, devices.states.get(slot)))

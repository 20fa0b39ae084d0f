"""What the pipeline asks of the database about devices that it has not met, over a connection of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import array_params, device_lookup
from domain import telemetry
from ingest import pipeline


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
        inside = device_lookup.load_presence(self._connection, device_ids)
        by_slot = zip(state.devices.slots_of_devices(inside).tolist(), inside.values(), strict=True)
        state.fences.set_presence(slots.tolist(), dict(by_slot))

    def stored(self, device_ids: npt.NDArray[np.int32], times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these fixes are in the table already."""
        found = np.zeros(len(device_ids), np.bool_)
        found[device_lookup.stored_fixes(self._connection, device_ids, times_us)] = True
        return found

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

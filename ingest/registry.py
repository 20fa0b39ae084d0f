"""The devices that this process has met, in columns: what their topics are, and their newest fix.

A slot is a device's place in these columns. What is known here of a device is true for as long as this process holds the
lease of its shard; `forget` it otherwise.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from db import device_lookup, fix_rows
from domain import telemetry
from domain.wire import topics

_FIRST_SIZE = 1_024
_MOST_REFUSED = 100_000
UNKNOWN = -1
SLOT_DTYPE = np.dtype(
    [
        ("device_id", "i4"),
        ("shard", "i2"),
        ("tenant", "i4"),  # index into `tenants`
        # The newest fix; `loaded` tells whether the database was asked, `known` whether there is one.
        ("loaded", "?"),
        ("known", "?"),
        ("time_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
    ]
)


FindDevices = Callable[[Sequence[device_lookup.Name]], Mapping[device_lookup.Name, telemetry.DeviceRef]]
"""Asks the database for devices by tenant's slug and device's name."""


class Registry:
    """Topics to slots, slots to devices."""

    def __init__(self) -> None:
        self.names: list[device_lookup.Name] = []
        self.tenants: list[uuid.UUID] = []
        self._slugs: list[str] = []
        self.slots = np.zeros(_FIRST_SIZE, SLOT_DTYPE)
        self._slot_of_topic: dict[bytes, int] = {}
        self._slot_of_device: dict[int, int] = {}
        self._refused: dict[bytes, str] = {}

    def find(self, wanted: Sequence[bytes]) -> npt.NDArray[np.int32]:
        """The slot of each topic; UNKNOWN where it isn't one of a device that was added."""
        look_up = self._slot_of_topic.get
        return np.array([look_up(topic, UNKNOWN) for topic in wanted], np.int32)

    def why_refused(self, topic: bytes) -> str | None:
        """Why a topic has no slot; None where it has one or nobody has asked yet."""
        return self._refused.get(topic)

    def refuse(self, topic: bytes, reason: str) -> None:
        """Remember that a topic is no device's, so that the database isn't asked for each of its messages."""
        if len(self._refused) >= _MOST_REFUSED:
            self._refused.clear()
        self._refused[topic] = reason

    def add(self, topic: bytes, name: topics.DeviceTopic, ref: telemetry.DeviceRef) -> None:
        """Give a topic the slot of its device."""
        assert ref.id is not None
        slot = self._slot_of_device.get(ref.id)
        if slot is None:
            slot = len(self.names)
            self._slot_of_device[ref.id] = slot
            self.names.append((name.tenant, name.device))
            if slot == len(self.slots):
                self.slots = np.concatenate([self.slots, np.zeros_like(self.slots)])
            self.slots[slot]["device_id"] = ref.id
        else:
            self.names[slot] = (name.tenant, name.device)
        self.slots[slot]["tenant"] = self._tenant(ref.tenant_id, name.tenant)
        self.slots[slot]["shard"] = -1 if name.shard is None else name.shard
        self._slot_of_topic[topic] = slot

    def _tenant(self, tenant_id: uuid.UUID, slug: str) -> int:
        if tenant_id not in self.tenants:
            self.tenants.append(tenant_id)
            self._slugs.append(slug)
        index = self.tenants.index(tenant_id)
        self._slugs[index] = slug  # it may be another one since
        return index

    def live_topic(self, tenant: int) -> str:
        """Where the live frames of a tenant (index into `tenants`) go."""
        return topics.live_topic(self._slugs[tenant])

    def slots_of_devices(self, device_ids: Iterable[int]) -> npt.NDArray[np.int64]:
        """The slots of devices that were added."""
        return np.array([self._slot_of_device[device_id] for device_id in device_ids], np.int64)

    def forget_topics(self) -> None:
        """Look every topic up again; devices keep their slots and fixes."""
        self._slot_of_topic.clear()
        self._refused.clear()

    def forget_newest(self, slots: npt.NDArray[np.integer] | None = None) -> None:
        """Ask the database again where these devices were last; None stands for all."""
        self.slots["loaded"][slice(None) if slots is None else slots] = False

    def forget_shards(self, shards: Iterable[int]) -> None:
        """Ask again for all devices of these shards."""
        self.slots["loaded"][np.isin(self.slots["shard"], list(shards))] = False

    def not_loaded(self, slots: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Those of these slots for which the database must be asked."""
        return np.unique(slots[~self.slots["loaded"][slots]])

    def set_newest(self, slots: npt.NDArray[np.int32], found: Mapping[int, tuple[int, float, float]]) -> None:
        """Take what the database says of these slots: time in microseconds, latitude, longitude by device id."""
        for slot in slots.tolist():
            newest = found.get(int(self.slots[slot]["device_id"]))
            self.slots[slot]["known"] = newest is not None
            self.slots[slot]["loaded"] = True
            if newest is not None:
                self.slots[slot]["time_us"], self.slots[slot]["lat"], self.slots[slot]["lon"] = newest

    def advance(self, newest: fix_rows.FixRows) -> None:
        """Take the newest row of each device as where it is now."""
        slots = newest["slot"]
        for name in ("time_us", "lat", "lon"):
            self.slots[name][slots] = newest[name]
        self.slots["known"][slots] = True


def resolve(registry: Registry, wanted: Iterable[bytes], find: FindDevices) -> None:
    """Add or refuse each of these topics."""
    parsed: dict[bytes, topics.DeviceTopic] = {}
    for topic in wanted:
        try:
            parsed[topic] = topics.parse(topic.decode())
        except (topics.TopicError, UnicodeDecodeError) as error:
            registry.refuse(topic, str(error))
    if not parsed:
        return
    found = find([(name.tenant, name.device) for name in parsed.values()])
    for topic, name in parsed.items():
        ref = found.get((name.tenant, name.device))
        if ref is None:
            registry.refuse(topic, f"tenant {name.tenant} has no device {name.device} in service")
        else:
            registry.add(topic, name, ref)

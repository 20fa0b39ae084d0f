"""The devices that this process has met, in columns: what their topics are, and where their track is.

A slot is a device's place in these columns. What is known here of a device is true for as long as this process holds the
lease of its shard; `forget` it otherwise.
"""

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from db import device_lookup
from domain import telemetry, track
from domain.wire import topics
from ingest import limits, track_columns

_FIRST_SIZE = 1_024
_MOST_REFUSED = 100_000
UNKNOWN = -1
SLOT_DTYPE = np.dtype(
    [
        ("device_id", "i4"),
        ("shard", "i2"),
        ("tenant", "i4"),  # index into `tenants`
        ("limits", "i4"),  # number of its thresholds
        ("loaded", "?"),  # whether the database was asked for what follows
        *track_columns.TRACK_FIELDS,  # of its last good fix
        ("newest_us", "i8"),  # time of its newest fix in the order, good or not: older ones are late
        ("aside_us", "i8"),  # time of its newest fix outside of the order, as one from the future
        ("tells_newest", "?"),  # whether the database keeps `newest_us` apart from the last good fix
    ]
)
NEVER_US = -(2**62)


FindDevices = Callable[[Sequence[device_lookup.Name]], Mapping[device_lookup.Name, telemetry.DeviceRef]]
"""Asks the database for devices by tenant's slug and device's name."""


class Registry:
    """Topics to slots, slots to devices."""

    def __init__(self) -> None:
        self.names: list[device_lookup.Name] = []
        self.tenants: list[uuid.UUID] = []
        self._slugs: list[str] = []
        self.limits = limits.Limits()
        self.slots = np.zeros(_FIRST_SIZE, SLOT_DTYPE)
        self.states: dict[int, track.State] = {}  #: by slot, where there is more than a last good fix (ingest.tracks)
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
        self.slots[slot]["limits"] = self.limits.number_of(ref.tenant_id, ref.kind)
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

    def names_of(self, device_ids: Iterable[int]) -> dict[int, device_lookup.Name]:
        """What topics call those of these devices that were added."""
        found = {device_id: self._slot_of_device.get(device_id) for device_id in device_ids}
        return {device_id: self.names[slot] for device_id, slot in found.items() if slot is not None}

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

    def loaded(self) -> npt.NDArray[np.int64]:
        """The slots of which the database was asked."""
        return np.flatnonzero(self.slots["loaded"])

    def set_tracks(self, slots: npt.NDArray[np.int32], found: Iterable[device_lookup.Track]) -> None:
        """Take what the database says of these slots."""
        by_device = {known.device_id: known for known in found}
        for slot in slots.tolist():
            self.slots["loaded"][slot] = True
            self.states.pop(slot, None)
            for name in track_columns.TRACK_DTYPE.names or ():
                self.slots[name][slot] = 0
            self.slots["newest_us"][slot] = self.slots["aside_us"][slot] = NEVER_US
            self.slots["tells_newest"][slot] = False
            known = by_device.get(int(self.slots["device_id"][slot]))
            if known is not None:
                self._set_track(slot, known)

    def _set_track(self, slot: int, known: device_lookup.Track) -> None:
        state = track.from_json(known.state or {})
        if known.time_us is not None:
            last = track.Place(time_us=known.time_us, lat=known.lat, lon=known.lon, odometer_m=known.odometer_m)
            state = dataclasses.replace(state, last=last, moving=known.moving)
            self.slots["newest_us"][slot] = known.time_us
        track_columns.columns_of(state, self.slots, slot)
        if not state.is_plain:
            self.states[slot] = state
        if known.newest_us is not None:
            self.slots["newest_us"][slot], self.slots["tells_newest"][slot] = known.newest_us, True
        if known.aside_us is not None:
            self.slots["aside_us"][slot] = known.aside_us

    def states_of(self, slots: npt.NDArray[np.integer]) -> dict[int, track.State]:
        """The states of these slots that have more than a last good fix, by their index here."""
        states = self.states
        if not states:
            return {}
        return {index: states[slot] for index, slot in enumerate(slots.tolist()) if slot in states}

    def seen_us(self, slots: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The time of each slot's last fix without a flag of its own, be it a jump."""
        seen_us: npt.NDArray[np.int64] = np.where(self.slots["known"][slots], self.slots["time_us"][slots], NEVER_US)
        for index, state in self.states_of(slots).items():
            for place in (state.suspect, state.believed):
                if place is not None:
                    seen_us[index] = max(seen_us[index], place.time_us)
        return seen_us

    def advance(self, slots: npt.NDArray[np.integer], folded: track_columns.Folded) -> None:
        """Take where these devices are now."""
        for name in track_columns.TRACK_DTYPE.names or ():
            self.slots[name][slots] = folded.after[name]
        if self.states or folded.states:
            for index, slot in enumerate(slots.tolist()):
                if index in folded.states:
                    self.states[slot] = folded.states[index]
                else:
                    self.states.pop(slot, None)


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

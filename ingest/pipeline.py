"""What a batch of messages goes through on its way to rows: STAGES, one after the other, in this order.

Everything here computes, as if all batches before were committed; `ingest.batch_store` writes what comes out, in one
transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from db import device_lookup, fence_log, fix_rows, reject_log
from domain import telemetry
from domain.wire import topics
from ingest import fence_watch, fix_decoder, iso_times, legs, ordering, registry


class Lookups(Protocol):
    """What the stages ask of the database about devices that they have not met."""

    def devices(self, names: Sequence[device_lookup.Name]) -> Mapping[device_lookup.Name, telemetry.DeviceRef]:
        """The registered devices among these."""
        ...

    def load(self, slots: npt.NDArray[np.int32], state: "State") -> None:
        """Fill in the newest fix and the presence of these slots."""
        ...


@dataclass(slots=True, kw_only=True)
class State:
    """What a process remembers from batch to batch; it can be forgotten at any time and is loaded again."""

    devices: registry.Registry = field(default_factory=registry.Registry)
    fences: fence_watch.FenceWatch = field(default_factory=fence_watch.FenceWatch)

    def fence_tenants(self, slots: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """What the fence engine calls the tenants of these slots."""
        tenants = np.array([self.fences.engine.tenant_index(tenant) for tenant in self.devices.tenants], np.int64)
        found: npt.NDArray[np.int64] = tenants[self.devices.slots["tenant"][slots]]
        return found


@dataclass(slots=True, kw_only=True)
class Batch:
    """Messages of the fixes lane, and what the stages have made of them so far."""

    topics: Sequence[bytes]
    payloads: Sequence[bytes]
    received_us: int
    is_suspect: bool = False  #: nothing remembered is trusted: every fix is taken for one that may be there already
    rows: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    bad: Sequence[fix_decoder.BadPayload] = ()
    rejects: list[reject_log.Reject] = field(default_factory=list)
    refused_seqs: dict[bytes, list[int]] = field(default_factory=dict)  #: by topic; acknowledged all the same
    ack_runs: list[tuple[int, int, int]] = field(default_factory=list)  #: slot, first and last seq
    new: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    late: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    newest: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    hours: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, fix_rows.ACTIVITY_DTYPE))
    crossings: fence_log.Crossings = field(default_factory=lambda: np.zeros(0, fence_log.CROSSING_DTYPE))

    @property
    def changes_the_past(self) -> bool:
        """Whether what follows can only be prepared when this is committed."""
        return len(self.late) > 0

    def again(self, part: slice = slice(None)) -> "Batch":
        """The messages, or some of them, to be gone through anew and with suspicion."""
        return Batch(
            topics=self.topics[part], payloads=self.payloads[part], received_us=self.received_us, is_suspect=True
        )


Stage = Callable[[Batch, State, Lookups], None]


def decode(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Payloads to records."""
    decoded = fix_decoder.decode(batch.payloads)
    batch.rows, batch.bad = decoded.rows, decoded.bad
    batch.rows["received_us"] = batch.received_us


def identify(batch: Batch, state: State, lookups: Lookups) -> None:
    """Topics to devices; what is no device's or can't be read is rejected."""
    devices = state.devices
    slots = devices.find(batch.topics)
    strangers = {topic for topic in _pick(batch.topics, slots == registry.UNKNOWN) if not devices.why_refused(topic)}
    if strangers:
        registry.resolve(devices, strangers, lookups.devices)
        slots = devices.find(batch.topics)
    batch.rows["slot"] = slots[batch.rows["message"]]
    _reject(batch, _reject_strangers(batch, slots == registry.UNKNOWN, devices))
    if batch.rejects:
        batch.rows = batch.rows[batch.rows["slot"] != registry.UNKNOWN]
    batch.rows["device_id"] = devices.slots["device_id"][batch.rows["slot"]]
    missing = devices.not_loaded(batch.rows["slot"])
    if len(missing):
        lookups.load(missing, state)


def order(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Sort by device and time, drop repetitions; a device with a late fix goes the long way with all of its fixes."""
    batch.ack_runs = ordering.ack_runs(batch.rows)
    rows = ordering.sort(batch.rows)
    rows["late"] = ordering.late_rows(rows, state.devices.slots)
    if batch.is_suspect:
        batch.late = rows
    elif rows["late"].any():
        disordered = np.isin(rows["slot"], rows["slot"][rows["late"]])
        batch.new, batch.late = rows[~disordered], rows[disordered]
    else:
        batch.new = rows


def measure(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """The way from fix to fix, and what each device did in each hour."""
    starts = fix_rows.run_starts(batch.new["slot"])
    before = state.devices.slots[batch.new["slot"][starts]][list(legs.BEFORE_DTYPE.names or ())]
    legs.measure(batch.new, starts, before)
    batch.hours = legs.by_hour(batch.new)
    batch.newest = batch.new[np.append(starts[1:], len(batch.new)) - 1] if len(starts) else batch.new


def watch(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Entries and exits of geofences."""
    starts = fix_rows.run_starts(batch.new["slot"])
    batch.crossings = state.fences.judge(batch.new, starts, state.fence_tenants(batch.new["slot"]))


def remember(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Where the devices are now, for the batch after this one."""
    state.devices.advance(batch.newest)
    if len(batch.crossings):
        slots = state.devices.slots_of_devices(batch.crossings["device_id"].tolist())
        state.fences.apply(batch.crossings, slots)


STAGES: tuple[Stage, ...] = (decode, identify, order, measure, watch, remember)


def run(batch: Batch, state: State, lookups: Lookups) -> None:
    """Take a batch through all stages."""
    for stage in STAGES:
        stage(batch, state, lookups)


def refuse(batch: Batch, reason: str) -> None:
    """Reject a batch of one payload as a whole; the numbers in it that can be read are acknowledged."""
    decoded = fix_decoder.decode(batch.payloads)
    batch.bad = [fix_decoder.BadPayload(message=0, reason=reason, seqs=tuple(decoded.rows["seq"].tolist()))]
    _reject(batch, {})


def _reject_strangers(batch: Batch, unknown: npt.NDArray[np.bool_], devices: registry.Registry) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for message in np.flatnonzero(unknown).tolist():
        topic = batch.topics[message]
        reasons[message] = [devices.why_refused(topic) or "no such device"]
        seqs = batch.rows["seq"][batch.rows["message"] == message]
        batch.refused_seqs.setdefault(topic, []).extend(seqs.tolist())
    return reasons


def _reject(batch: Batch, reasons: dict[int, list[str]]) -> None:
    for bad in batch.bad:
        reasons.setdefault(bad.message, []).append(bad.reason)
        batch.refused_seqs.setdefault(batch.topics[bad.message], []).extend(bad.seqs)
    received_at = iso_times.datetime_of(batch.received_us)
    for message, words in reasons.items():
        topic = batch.topics[message]
        tenant, device = device_name(topic) or (None, None)
        batch.rejects.append(
            reject_log.Reject(
                topic=topic.decode("utf-8", "replace"),
                payload=batch.payloads[message],
                reason="; ".join(words),
                received_at=received_at,
                tenant=tenant,
                device=device,
            )
        )


def device_name(topic: bytes) -> device_lookup.Name | None:
    """Tenant and device as a topic names them, registered or not; None where it can't name any."""
    try:
        name = topics.parse(topic.decode())
    except (topics.TopicError, UnicodeDecodeError):
        return None
    return name.tenant, name.device


def _pick(items: Sequence[bytes], chosen: npt.NDArray[np.bool_]) -> list[bytes]:
    return [items[index] for index in np.flatnonzero(chosen).tolist()]

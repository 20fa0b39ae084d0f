"""What a batch of messages goes through on its way to rows: STAGES, one after the other, in this order.

Everything here computes, as if all batches before were committed; `ingest.batch_store` writes what comes out, in one
transaction.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from db import device_lookup, fix_rows, fix_writer, reject_log
from domain import duty, fix_quality, telemetry, track
from domain.wire import topics
from ingest import (
    checkpoints,
    duty_filter,
    far_ahead,
    fence_watch,
    fix_decoder,
    hours,
    iso_times,
    ordering,
    registry,
    track_columns,
    track_memory,
    tracks,
)


class Lookups(Protocol):
    """What the stages ask of the database about devices that they have not met."""

    def devices(self, names: Sequence[device_lookup.Name]) -> Mapping[device_lookup.Name, telemetry.DeviceRef]:
        """The registered devices among these."""
        ...

    def load(self, slots: npt.NDArray[np.int32], state: "State") -> None:
        """Fill in the track and the presence of these slots."""
        ...

    def held(
        self, device_ids: npt.NDArray[np.int32], since_us: int, until_us: int
    ) -> Mapping[int, Sequence[duty.Held]]:
        """Who has these devices within a time, and when they are on duty; of tenants that keep no other positions."""
        ...

    def stored(self, device_ids: npt.NDArray[np.int32], times_us: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of these fixes are in the table already."""
        ...


@dataclass(slots=True, kw_only=True)
class State:
    """What a process remembers from batch to batch; it can be forgotten at any time and is loaded again."""

    devices: registry.Registry = field(default_factory=registry.Registry)
    fences: fence_watch.FenceWatch = field(default_factory=fence_watch.FenceWatch)
    duty_only: frozenset[uuid.UUID] = frozenset()  #: tenants that keep the positions of people on duty alone

    def fence_tenants(self, slots: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """What the fence engine calls the tenants of these slots."""
        tenants = np.array([self.fences.index.tenant_index(tenant) for tenant in self.devices.tenants], np.int64)
        found: npt.NDArray[np.int64] = tenants[self.devices.slots["tenant"][slots]]
        return found


@dataclass(slots=True, kw_only=True)
class Batch:
    """Messages of the fixes lane, and what the stages have made of them so far."""

    topics: Sequence[bytes]
    payloads: Sequence[bytes]
    received_us: int
    prepare_s: float = 0.0  #: what `run` has taken,
    watch_s: float = 0.0  #: and `watch` of it
    sets_late_aside: bool = False  #: where some messages change the past, they alone are found out: `late_messages`
    late_messages: frozenset[int] = frozenset()
    is_suspect: bool = False  #: nothing remembered is trusted: every fix is taken for one that may be there already
    rows: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    bad: Sequence[fix_decoder.BadPayload] = ()
    rejects: list[reject_log.Reject] = field(default_factory=list)
    refused_seqs: dict[bytes, list[int]] = field(default_factory=dict)  #: by topic; acknowledged all the same
    ack_runs: list[tuple[int, int, int]] = field(default_factory=list)  #: slot, first and last seq
    off_duty: int = 0  #: so many fixes are acknowledged and not kept
    new: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    late: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    aside: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    good: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))  #: of `new`
    newest: fix_rows.FixRows = field(default_factory=lambda: fix_rows.empty(0, fix_decoder.ROW_FIELDS))
    receipts: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, fix_writer.RECEIPT_DTYPE))
    openings: list[checkpoints.Opening] = field(default_factory=list)
    checkpoints: list[tuple[int, int, str]] = field(default_factory=list)  #: device, hour in microseconds, state
    track_states: list[fix_writer.TrackState] = field(default_factory=list)
    hours: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, fix_rows.ACTIVITY_DTYPE))
    fenced: fence_watch.Watched = field(default_factory=fence_watch.Watched)

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


def on_duty(batch: Batch, state: State, lookups: Lookups) -> None:
    """Leave out what people send off duty, where their tenant keeps nothing of it (R59); it is acknowledged all the same."""
    batch.ack_runs = ordering.ack_runs(batch.rows)
    devices = state.devices
    if not state.duty_only:
        return
    is_of_them = np.array([tenant in state.duty_only for tenant in devices.tenants], np.bool_)
    places = np.flatnonzero(is_of_them[devices.slots["tenant"][batch.rows["slot"]]])
    if not len(places):
        return
    rows = batch.rows[places]
    floor_us = devices.limits.columns["floor_us"][devices.slots["limits"][rows["slot"]]]
    times_us = duty_filter.judged_us(rows, floor_us=floor_us, ahead_us=round(fix_quality.FUTURE_S * track.US))
    held = lookups.held(np.unique(rows["device_id"]), int(times_us.min()), int(times_us.max()))
    is_off = np.zeros(len(batch.rows), np.bool_)
    is_off[places] = duty_filter.off_duty(rows["device_id"], times_us, held)
    batch.off_duty = int(is_off.sum())
    if batch.off_duty:
        batch.rows = batch.rows[~is_off]


def bound(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Reject what is from too far ahead; it is acknowledged all the same."""
    is_ahead = far_ahead.are(batch.rows)
    if is_ahead.any():
        batch.rejects += far_ahead.rejects(
            batch.rows[is_ahead], topics=batch.topics, payloads=batch.payloads, names=state.devices.names
        )
        batch.rows = batch.rows[~is_ahead]


def order(batch: Batch, state: State, lookups: Lookups) -> None:
    """Sort by device and time, drop repetitions; a device with a late fix goes the long way with all of its fixes.

    What is dated impossibly stands aside: it makes nothing late, and nothing is derived from it.
    """
    devices = state.devices
    rows = batch.rows
    tracks.flag(rows, devices.limits.columns[devices.slots["limits"][rows["slot"]]])
    rows["out_of_order"] = ordering.disordered(rows, devices.slots)
    arrived = rows["slot"]
    rows = ordering.sort(rows)
    is_aside = (rows["quality"] & int(fix_quality.OUTSIDE)) != 0
    rows["late"] = ordering.late_rows(rows, devices.slots) & ~is_aside
    if batch.sets_late_aside and rows["late"].any():
        is_late = ordering.late_rows(batch.rows, devices.slots) & (
            (batch.rows["quality"] & int(fix_quality.OUTSIDE)) == 0
        )
        batch.late_messages = frozenset(batch.rows["message"][is_late].tolist())
        return
    batch.receipts = ordering.receipts(arrived, rows, devices.slots)
    doubtful = np.flatnonzero(~is_aside & ~rows["late"] & (rows["time_us"] <= devices.slots["aside_us"][rows["slot"]]))
    if len(doubtful) and not batch.is_suspect:
        # One of them may be there, from when it was the future.
        is_aside[doubtful] = lookups.stored(rows["device_id"][doubtful], rows["time_us"][doubtful])
    if is_aside.any():
        batch.aside, rows = rows[is_aside], rows[~is_aside]
    if batch.is_suspect:
        batch.late = rows
    elif rows["late"].any():
        disordered = np.isin(rows["slot"], rows["slot"][rows["late"]])
        batch.new, batch.late = rows[~disordered], rows[disordered]
    else:
        batch.new = rows


def measure(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """The track of each device: what its fixes are, the way from one to the next, and what it did in each hour."""
    rows, devices = batch.new, state.devices
    is_clean = rows["quality"] == 0
    clean = rows if is_clean.all() else rows[is_clean]
    starts = fix_rows.run_starts(clean["slot"])
    slots = clean["slot"][starts]
    numbers = devices.slots["limits"][slots]
    folded = tracks.fold(
        clean,
        starts,
        before=devices.slots[slots][list(track_columns.TRACK_DTYPE.names or ())],
        states=devices.states_of(slots),
        seen_us=devices.seen_us(slots),
        limits=devices.limits.columns[numbers],
        thresholds=[devices.limits.thresholds[number] for number in numbers.tolist()],
    )
    if clean is not rows:
        rows[is_clean] = clean
    batch.good = clean[(clean["quality"] & int(fix_quality.BAD)) == 0]
    batch.hours = hours.by_hour(batch.good)
    batch.newest = batch.good[fix_rows.run_ends(batch.good["slot"])]
    batch.openings = checkpoints.openings_of(clean, folded)
    batch.track_states = track_memory.advance(devices, rows, batch.aside, slots, folded)


def watch(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """What happens at geofences."""
    rows, fences = batch.good, state.fences
    started_s = time.perf_counter()
    batch.fenced = fences.judge(rows, fix_rows.run_starts(rows["slot"]), state.fence_tenants(rows["slot"]))
    stays = fences.stays_before(batch.fenced, [(each.slot, each.time_us) for each in batch.openings])
    batch.checkpoints = checkpoints.rows_of(batch.openings, stays)
    batch.watch_s = time.perf_counter() - started_s


def remember(batch: Batch, state: State, lookups: Lookups) -> None:  # noqa: ARG001 - a stage
    """Who is in which fence now, for the batch after this one."""
    state.fences.apply(batch.fenced)


STAGES: tuple[Stage, ...] = (decode, identify, on_duty, bound, order, measure, watch, remember)


def run(batch: Batch, state: State, lookups: Lookups) -> None:
    """Take a batch through all stages; up to `order`, nothing remembered is changed, where messages are to be set aside."""
    started_s = time.perf_counter()
    for stage in STAGES:
        stage(batch, state, lookups)
        if batch.late_messages:
            break
    batch.prepare_s = time.perf_counter() - started_s


def refuse(batch: Batch, reason: str) -> None:
    """Reject a batch of one payload as a whole; the numbers in it that can be read are acknowledged."""
    decoded = fix_decoder.decode(batch.payloads)
    batch.bad = [fix_decoder.BadPayload(message=0, reason=reason, seqs=tuple(decoded.rows["seq"].tolist()))]
    _reject(batch, {}, kind=reject_log.Kind.REFUSED)


def _reject_strangers(batch: Batch, unknown: npt.NDArray[np.bool_], devices: registry.Registry) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for message in np.flatnonzero(unknown).tolist():
        topic = batch.topics[message]
        reasons[message] = [devices.why_refused(topic) or "no such device"]
        seqs = batch.rows["seq"][batch.rows["message"] == message]
        batch.refused_seqs.setdefault(topic, []).extend(seqs.tolist())
    return reasons


def _reject(batch: Batch, reasons: dict[int, list[str]], kind: reject_log.Kind = reject_log.Kind.UNREADABLE) -> None:
    """Reject the messages of strangers, whose reasons are given, and those with something bad, which are of `kind`."""
    strangers = frozenset(reasons)
    for bad in batch.bad:
        reasons.setdefault(bad.message, []).append(bad.reason)
        batch.refused_seqs.setdefault(batch.topics[bad.message], []).extend(bad.seqs)
    received_at = iso_times.datetime_of(batch.received_us)
    for message, words in reasons.items():
        topic = batch.topics[message]
        text = topic.decode("utf-8", "replace")
        name = device_name(topic)
        stranger = reject_log.Kind.TOPIC if name is None else reject_log.Kind.STRANGER
        # The broker lets a device write below its own prefix alone: with a wrong shard it is still its own.
        tenant, device = name or topics.named(text) or (None, None)
        batch.rejects.append(
            reject_log.Reject(
                topic=text,
                payload=batch.payloads[message],
                reason="; ".join(words),
                received_at=received_at,
                tenant=tenant,
                device=device,
                kind=stranger if message in strangers else kind,
            )
        )


def device_name(topic: bytes) -> device_lookup.Name | None:
    """Tenant and device that a topic is of, registered or not; None where no device sends there."""
    try:
        name = topics.parse(topic.decode())
    except (topics.TopicError, UnicodeDecodeError):
        return None
    return name.tenant, name.device


def _pick(items: Sequence[bytes], chosen: npt.NDArray[np.bool_]) -> list[bytes]:
    return [items[index] for index in np.flatnonzero(chosen).tolist()]

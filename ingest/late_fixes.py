"""Fixes that come after newer ones: everything that follows from the order is made what ordered arrival would have given.

The track of each device is folded anew from the checkpoint before the first fix that is new, until the state is again what it
was at a later checkpoint: from there on nothing can differ.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from db import fence_store, fix_rows, fix_writer, replay_store
from domain import fence_states, fix_quality, track
from ingest import checkpoints, fence_replay, hours, pipeline, registry, track_columns, track_memory, tracks

MOST_ROWS = 100_000
_OWN_FLAGS = ~int(fix_quality.FixFlag.JUMP | fix_quality.FixFlag.DRIFT)
_END_US = replay_store.EVER_US[1]


@dataclass(slots=True, kw_only=True)
class _Device:
    """A track on its way through the past."""

    slot: int
    since_us: int
    until_us: int
    state: track.State
    stays: fence_states.Stays
    meets: Mapping[str, Any] | None = None  #: the state that is kept at `until_us`
    newest_us: int = registry.NEVER_US
    seen_us: int = registry.NEVER_US
    rounds: int = 0


@dataclass(slots=True, kw_only=True)
class _Found:
    """What a round has derived, in whole hours."""

    hours: list[npt.NDArray[np.void]] = field(default_factory=list)
    checkpoints: list[tuple[int, int, str]] = field(default_factory=list)


def derive(
    written: npt.NDArray[np.void],
    *,
    writer: fix_writer.FixWriter,
    connection: psycopg.Connection[Any],
    state: pipeline.State,
    now: dt.datetime,
) -> npt.NDArray[np.void]:
    """Derive again what late fixes touch that were just written; the latest positions that changed.

    `written` are those that made a difference, in fix_writer.WRITTEN_DTYPE; all of their devices have a slot.
    """
    # What was there as a fix from the future stays outside of the order.
    written = written[(written["quality"] & int(fix_quality.OUTSIDE)) == 0]
    if not len(written):
        return np.zeros(0, replay_store.LATEST_DTYPE)  # all of it was known
    store = replay_store.ReplayStore(connection)
    kept_since_us = store.kept_since_us()
    # The neighbours of what is older may be dropped; what followed from them stays as it is.
    written = written[written["time_us"] >= kept_since_us]
    if not len(written):
        return np.zeros(0, replay_store.LATEST_DTYPE)
    return Replay(store, writer, connection, state, kept_since_us=kept_since_us, now=now).run(written)


class Replay:
    """Derives the tracks of devices anew from before the fixes that were written."""

    def __init__(
        self,
        store: replay_store.ReplayStore,
        writer: fix_writer.FixWriter,
        connection: psycopg.Connection[Any],
        state: pipeline.State,
        *,
        kept_since_us: int,
        now: dt.datetime,
    ) -> None:
        self._store, self._writer, self._connection, self._state, self._now = store, writer, connection, state, now
        self._kept_since_us = kept_since_us
        self._devices: dict[int, _Device] = {}
        self._touched: npt.NDArray[np.void] = np.zeros(0, fix_writer.WRITTEN_DTYPE)
        self._last_touched: dict[int, int] = {}

    def run(self, written: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        """Derive everything; the latest positions that changed."""
        written = np.sort(written, order=["device_id", "time_us"])
        self._touched = written
        starts, ends = fix_rows.run_starts(written["device_id"]), fix_rows.run_ends(written["device_id"])
        ids = written["device_id"][starts]
        self._last_touched = dict(zip(ids.tolist(), written["time_us"][ends].tolist(), strict=True))
        self._begin(ids, written["time_us"][starts])
        ended: list[int] = []
        active = ids.tolist()
        while active:
            self._set_ends(active)
            self._derive(active)
            ended += [device for device in active if self._devices[device].until_us == _END_US]
            active = [device for device in active if not self._is_done(self._devices[device])]
        return self._save_ends(sorted(ended))

    def _begin(self, ids: npt.NDArray[np.int32], first_us: npt.NDArray[np.int64]) -> None:
        found = self._starts(ids, first_us)
        slots = self._state.devices.slots_of_devices(ids.tolist())
        for device, slot in zip(ids.tolist(), slots.tolist(), strict=True):
            checkpoint = found.get(device)
            track_state, stays = checkpoints.whole_of({} if checkpoint is None else checkpoint.state)
            since_us = self._kept_since_us if checkpoint is None else checkpoint.hour_us
            self._devices[device] = _Device(
                slot=slot,
                since_us=since_us,
                until_us=since_us,
                state=track_state,
                stays=stays,
            )

    def _starts(
        self, ids: npt.NDArray[np.int32], first_us: npt.NDArray[np.int64]
    ) -> dict[int, replay_store.Checkpoint]:
        found = self._store.starts(ids, first_us)
        is_old = np.array([one in found and found[one].hour_us < self._kept_since_us for one in ids.tolist()], np.bool_)
        if is_old.any():
            # The fixes of that hour may be dropped. No other was there before those that came now, so the next state is theirs.
            after = self._store.stops(ids[is_old], first_us[is_old], skipped=0)
            for one in ids[is_old].tolist():
                state = after.get(one, found[one]).state
                found[one] = replay_store.Checkpoint(hour_us=self._kept_since_us, state=state)
        return found

    def _set_ends(self, active: list[int]) -> None:
        """Let each go on to a later checkpoint, further each time; where there is none, to its end."""
        devices = self._devices
        ids = np.array(active, np.int32)
        after = np.array([max(devices[one].until_us, self._last_touched[one]) for one in active], np.int64)
        rounds = devices[active[0]].rounds
        found = self._store.stops(ids, after, skipped=2**rounds - 1)
        for one in active:
            device, stop = devices[one], found.get(one)
            device.since_us, device.rounds = device.until_us, rounds + 1
            device.until_us = _END_US if stop is None else stop.hour_us
            device.meets = None if stop is None else stop.state

    @staticmethod
    def _is_done(device: _Device) -> bool:
        return device.until_us == _END_US or checkpoints.whole_json(device.state, device.stays) == device.meets

    def _derive(self, active: list[int]) -> None:
        """Fold the windows of these devices, chunk by chunk, and write what came of it."""
        devices, found = self._devices, _Found()
        ids = np.array(active, np.int32)
        since_us = np.array([devices[one].since_us for one in active], np.int64)
        until_us = np.array([devices[one].until_us for one in active], np.int64)
        fences = fence_replay.FenceReplay(self._state)
        for chunk in self._store.chunks(int(since_us.min()), int(until_us.max())):
            own = (since_us < chunk.until_us) & (until_us > chunk.since_us)
            if own.any():
                for rows in self._store.read(chunk, ids[own], since_us[own], until_us[own], most=MOST_ROWS):
                    self._fold(rows, found, fences)
        windows = replay_store.windows(ids, since_us, until_us)
        self._store.set_activity(windows, hours.merged(found.hours), now=self._now)
        self._store.set_checkpoints(windows, found.checkpoints)
        fences.save(self._connection, windows, now=self._now)

    def _fold(self, rows: fix_rows.FixRows, found: _Found, fences: fence_replay.FenceReplay) -> None:
        rows["quality"] = rows["old_quality"] & _OWN_FLAGS
        ends = fix_rows.run_ends(rows["device_id"])
        own = [self._devices[device] for device in rows["device_id"][ends].tolist()]
        for one, time_us in zip(own, rows["time_us"][ends].tolist(), strict=True):
            one.newest_us = time_us
        rows["slot"] = np.repeat([one.slot for one in own], np.diff(ends, prepend=-1))
        is_clean = rows["quality"] == 0
        clean = rows[is_clean]
        before = {device: self._devices[device].state for device in rows["device_id"][ends].tolist()}
        openings: list[checkpoints.Opening] = []
        if len(clean):
            openings = self._fold_clean(clean)
            rows[is_clean] = clean
        self._correct(rows)
        good = clean[(clean["quality"] & int(fix_quality.BAD)) == 0]
        found.hours.append(hours.by_hour(good))
        stays = {device: self._devices[device].stays for device in before}
        judged = fences.take(good, before, stays, openings)
        for device, after in judged.after.items():
            self._devices[device].stays = after
        found.checkpoints += checkpoints.rows_of(openings, judged.openings)

    def _fold_clean(self, clean: fix_rows.FixRows) -> list[checkpoints.Opening]:
        starts, ends = fix_rows.run_starts(clean["device_id"]), fix_rows.run_ends(clean["device_id"])
        own = [self._devices[device] for device in clean["device_id"][starts].tolist()]
        before = np.zeros(len(own), track_columns.TRACK_DTYPE)
        for index, device in enumerate(own):
            track_columns.columns_of(device.state, before, index)
        registry_of = self._state.devices
        numbers = registry_of.slots["limits"][[device.slot for device in own]]
        folded = tracks.fold(
            clean,
            starts,
            before=before,
            states={index: device.state for index, device in enumerate(own) if not device.state.is_plain},
            seen_us=np.array([device.seen_us for device in own], np.int64),
            limits=registry_of.limits.columns[numbers],
            thresholds=[registry_of.limits.thresholds[number] for number in numbers.tolist()],
        )
        for index, (device, end) in enumerate(zip(own, ends.tolist(), strict=True)):
            device.state = track_columns.whole_state(folded.after[index], folded.states.get(index))
            device.seen_us = int(clean["time_us"][end])
        return checkpoints.openings_of(clean, folded)

    def _correct(self, rows: fix_rows.FixRows) -> None:
        distance_m = (rows["distance_mm"] / 1e3).astype(np.float32)
        changed = (distance_m != rows["old_distance_m"]) | (rows["moving"] != rows["old_moving"])
        changed |= rows["quality"] != rows["old_quality"]
        if changed.any():
            self._store.correct_fixes(rows[changed], is_new=self._is_touched(rows[changed]), now=self._now)

    def _is_touched(self, rows: fix_rows.FixRows) -> npt.NDArray[np.bool_]:
        names = ["device_id", "time_us"]
        touched: npt.NDArray[np.bool_] = np.isin(_keys(rows[names]), _keys(self._touched[names]))
        return touched

    def _save_ends(self, ended: list[int]) -> npt.NDArray[np.void]:
        """Where the tracks of these devices end now."""
        if not ended:
            return np.zeros(0, replay_store.LATEST_DTYPE)
        devices = [self._devices[device] for device in ended]
        self._writer.save_track_states([self._row(device_id) for device_id in ended])
        watch = self._state.fences
        stays = [
            watch.stay_row(one, fence_id, stay)
            for one, device in zip(ended, devices, strict=True)
            for fence_id, stay in device.stays.items()
        ]
        fence_store.set_stays(self._connection, ended, stays)
        last = [(one, device.state.last) for one, device in zip(ended, devices, strict=True)]
        lost = [one for one, place in last if place is None]
        if lost:
            self._store.drop_latest(np.array(lost, np.int32))
        there = [(one, place.time_us) for one, place in last if place is not None]
        return self._store.set_latest(
            np.array([one for one, _ in there], np.int32), np.array([time_us for _, time_us in there], np.int64)
        )

    def _row(self, device_id: int) -> fix_writer.TrackState:
        device = self._devices[device_id]
        last, aside_us = device.state.last, int(self._state.devices.slots["aside_us"][device.slot])
        return fix_writer.TrackState(
            device_id=device_id,
            newest_us=None if last is not None and last.time_us == device.newest_us else device.newest_us,
            aside_us=None if aside_us == registry.NEVER_US else aside_us,
            state=track_memory.bare_json(device.state),
        )


def _keys(pairs: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    packed = np.zeros(len(pairs), np.dtype([("device_id", "i8"), ("time_us", "i8")]))
    packed["device_id"], packed["time_us"] = pairs["device_id"], pairs["time_us"]
    return packed.view("V16")

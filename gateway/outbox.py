"""What was read and not yet acknowledged. A row goes only when an `ack` covers its number.

What is handed in stands in memory at once and can be sent from there; a thread of its own (`write_presses`, `write_fixes`)
brings it to a SQLite file, so that a disk that stalls keeps nobody waiting. While the disk can't be written (full, read-only,
torn) rows stay in memory, which is said, and go to the disk as soon as it takes them. Presses are never dropped; of the fixes
the oldest are thinned when there are too many.

Two locks: that of `_disk` is held as long as the disk takes, `_lock` for moments only, never around what touches a file.
"""

import contextlib
import dataclasses
import datetime as dt
import functools
import logging
import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain import telemetry
from domain.wire import control, fixes, panic, topics
from gateway import fix_bodies, numbering, outbox_bounds, outbox_disk, outbox_file, outbox_memory, ranges

_log = logging.getLogger(__name__)

SYNC_EVERY_S = 5.0
REPEAT_WINDOW = dt.timedelta(seconds=60)
_CLOCK_LAGS_S = 2 * REPEAT_WINDOW.total_seconds()  # timesyncd saves the date each 60 s
_READ_PATIENCE_S = 0.2
_HIGHEST_OF_FOB = 2**63 - 1  # SQLite counts no further
_MOST_ACKS = 1_000  # an older one that is forgotten costs no more than sending its rows again
_TABLES: dict[topics.Lane, outbox_file.Table] = {topics.Lane.FIXES: "fix", topics.Lane.PANIC: "press"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of a press that was handed in."""

    press: telemetry.Press
    is_new: bool  #: False: the fob said it again
    is_durable: bool  #: it is on the disk


class Outbox:
    """The rows of both lanes; safe to use from several threads.

    Args:
        path: the file; its folder is made.
        now: UTC, used once to number rows above all that an earlier, lost file may have given.
        bounds: past them the oldest fixes are thinned.
        up_s: how long the box has been on.
    """

    def __init__(self, path: Path, *, now: dt.datetime, bounds: outbox_bounds.Bounds, up_s: float = math.inf) -> None:
        self._thinner = outbox_bounds.Thinner(bounds)
        self._disk = outbox_disk.Disk(path)
        self._lock = threading.Lock()
        self._memory = outbox_memory.Fixes()  # those that are not on the disk
        # Presses are few: all stand in memory too, so that they can be sent whatever the disk does.
        self._presses: dict[int, bytes] = {}
        self._volatile: dict[int, outbox_file.Heard | None] = {}  # those of them that are not on the disk
        self._durable_news: list[int] = []
        self._acks: deque[control.LaneAck] = deque(maxlen=_MOST_ACKS)  # not yet applied to the disk
        self._heard: dict[tuple[str, int, str], outbox_file.Heard] = {}
        self._heard_earlier = self._heard  # before this start
        self._is_just_booted = up_s < _CLOCK_LAGS_S
        self._numbers = numbering.Numbering(now)
        self._fixes_on_disk = 0
        self._in_hand_upto = -1  # fixes that are being written: they count as acknowledged when they go from the disk
        self._synced_s = float("-inf")
        self.acknowledged_fixes = 0
        self.thinned = 0
        self._disk.open(self._adopt)
        if not self._disk.is_open:  # what it holds keeps its numbers: given twice, one row would take the other's place
            self._numbers = numbering.Numbering(None)
        self.written_upto = self.newest_fix_seq  #: fixes with higher numbers are in memory

    def add_fixes(self, taken: Sequence[telemetry.Fix]) -> None:
        """Keep fixes in the order given; one before the first day of GPS has no place in the contract and is left out."""
        bodies = fix_bodies.encode(taken)
        with self._lock:
            self._memory.add([(self._numbers.give("fix"), body) for body in bodies])

    def add_press(self, press: telemetry.Press, *, number: int | None) -> Kept:
        """Keep a press and number it, in memory at first; `number` is the fob's own, by which a repeated one is known."""
        with self._lock:
            heard = _heard(press, number)
            before = None if heard is None else self._heard_before(heard, press.clock)
            if before is not None and abs(press.time - before.at) <= REPEAT_WINDOW:
                again = dataclasses.replace(press, id=before.press_id)
                return Kept(press=again, is_new=False, is_durable=not self._is_volatile(before))
            kept = dataclasses.replace(press, seq=self._numbers.give("press"))
            self._presses[kept.seq] = panic.encode(kept)
            self._volatile[kept.seq] = heard
            if heard is not None:
                self._heard[heard.fob, heard.number, heard.kind] = heard
            return Kept(press=kept, is_new=True, is_durable=False)

    def fixes_between(self, *, after: int, upto: int, limit: int) -> list[fixes.Numbered] | None:
        """Fixes with after < seq ≤ upto, oldest first; None: they are on the disk, and it does not answer now."""
        while True:
            rows = self._rows(after, upto, limit)
            if not rows:
                return None if rows is None else []
            with self._lock:
                gone = [ranges.Ranges(ack) for ack in self._acks if ack.lane is topics.Lane.FIXES]
            waiting = [row for row in rows if not any(row[0] in covered for covered in gone)]
            read = self._readable(waiting)
            if read:
                return read
            after = rows[-1][0]

    def presses(self) -> list[outbox_file.Row]:
        """The presses that wait with their payloads, newest first."""
        with self._lock:
            return list(reversed(self._presses.items()))

    def acknowledge(self, ack: control.LaneAck) -> None:
        """Forget what an acknowledgement covers: at once in memory, with the next writing on the disk."""
        covered = ranges.Ranges(ack)
        with self._lock:
            self._acks.append(ack)
            if ack.lane is topics.Lane.FIXES:
                gone = self._memory.delete(covered)
                self.acknowledged_fixes += sum(seq > self._in_hand_upto for seq in gone)
                return
            for seq in [seq for seq in self._presses if seq in covered]:
                del self._presses[seq]
                self._volatile.pop(seq, None)

    def last_number(self, fob: str) -> int | None:
        """The fob's own number of its last press."""
        with self._lock:
            known = [heard for heard in (self._heard_earlier | self._heard).values() if heard.fob == fob]
            return max(known, key=lambda heard: heard.at).number if known else None

    @property
    def newest_fix_seq(self) -> int:
        """The number of the newest fix ever given."""
        return self._numbers.newest("fix")

    @property
    def openings(self) -> int:
        """Counts how often the disk was opened: then there are rows again that could not be read before."""
        return self._disk.openings

    @property
    def has_presses(self) -> bool:
        """A press is not acknowledged. Takes no lock."""
        return bool(self._presses)

    @property
    def backlog(self) -> int:
        """Rows that wait."""
        with self._lock:
            return self._fixes_on_disk + len(self._memory) + len(self._presses)

    @property
    def dropped(self) -> int:
        """Fixes lost because the disk would not take them and memory was full."""
        return self._memory.dropped

    @property
    def trouble(self) -> str | None:
        """Why rows are in memory only."""
        return self._disk.trouble

    def watch(self, *, now_s: float) -> None:
        """Say it when the disk takes very long, from a thread that it does not keep waiting."""
        self._disk.watch(now_s=now_s)

    # The writer's

    def write_presses(self, *, now_s: float) -> list[int]:
        """Bring the presses in memory to the disk; the numbers of those that are there now. Lasts as long as the disk does."""
        with self._disk.busy(now_s):
            if self._disk.ready(now_s, self._adopt):
                with self._lock:
                    waiting = [((seq, self._presses[seq]), heard) for seq, heard in self._volatile.items()]
                for row, heard in waiting:
                    if not self._disk.written(
                        functools.partial(outbox_file.OutboxFile.add_press, row=row, heard=heard)
                    ):
                        break
                    self._is_durable(row[0])
            with self._lock:
                told, self._durable_news = self._durable_news, []
        return told

    def write_fixes(self, *, now_s: float, now: dt.datetime) -> None:
        """Bring the fixes in memory to the disk, forget there what is acknowledged, and thin what is too much."""
        with self._disk.busy(now_s):
            if not self._disk.ready(now_s, self._adopt):
                return
            durable = now_s - self._synced_s >= SYNC_EVERY_S
            if self._flush(durable=durable) and durable:
                self._synced_s = now_s
            thinned = self._disk.tried(lambda file: self._thinner.thin(file, self._fixes_on_disk, now=now), 0)
            with self._lock:
                self.thinned += thinned
                self._fixes_on_disk -= thinned

    def close(self) -> None:
        """Write through and close."""
        with self._disk.lock:
            if self._disk.is_open:
                with self._lock:
                    waiting = [((seq, self._presses[seq]), heard) for seq, heard in self._volatile.items()]
                for row, heard in waiting:
                    self._disk.written(functools.partial(outbox_file.OutboxFile.add_press, row=row, heard=heard))
                self._flush(durable=True)
            self._disk.close()

    def _flush(self, *, durable: bool) -> bool:
        with self._lock:
            rows, acks = self._memory.rows(), list(self._acks)
            reservations = self._numbers.due()
            self._in_hand_upto = rows[-1][0] if rows else -1
        for table, upto in reservations:
            if not self._disk.written(functools.partial(outbox_file.OutboxFile.reserve, lane=table, upto=upto)):
                return False
            with self._lock:
                self._numbers.reserved(table, upto)
        if rows and not self._disk.written(
            functools.partial(outbox_file.OutboxFile.add_fixes, rows=rows, durable=durable)
        ):
            return False
        if rows:
            with self._lock:
                self._fixes_on_disk += len(rows)
                self.written_upto = max(self.written_upto, rows[-1][0])
                self._memory.forget(upto=rows[-1][0])
        return all(self._forgotten(ack) for ack in acks)

    def _forgotten(self, ack: control.LaneAck) -> bool:
        deleted = self._disk.tried(lambda file: file.delete(_TABLES[ack.lane], ranges.Ranges(ack).runs), None)
        if deleted is None:
            return False
        with self._lock:
            with contextlib.suppress(ValueError):
                self._acks.remove(ack)
            if ack.lane is topics.Lane.FIXES:
                self._fixes_on_disk -= deleted
                self.acknowledged_fixes += deleted
        return True

    def _rows(self, after: int, upto: int, limit: int) -> list[outbox_file.Row] | None:
        with self._lock:
            if after >= self.written_upto:
                return self._memory.rows(after=after, upto=upto, limit=limit)
        if not self._disk.lock.acquire(timeout=_READ_PATIENCE_S):
            return None
        try:
            none: list[outbox_file.Row] = []
            rows = self._disk.tried(lambda file: file.rows("fix", after=after, upto=upto, limit=limit), none)
            with self._lock:
                return rows + self._memory.rows(after=after, upto=upto, limit=limit - len(rows))
        finally:
            self._disk.lock.release()

    def _readable(self, rows: list[outbox_file.Row]) -> list[fixes.Numbered]:
        read = [(seq, fix_bodies.decode(body)) for seq, body in rows]
        rotten = tuple((seq, seq) for seq, fix in read if fix is None)
        if rotten:
            _log.error("%d fixes of the outbox cannot be read and are dropped", len(rotten))
            self.acknowledge(control.LaneAck(lane=topics.Lane.FIXES, seq=rotten[-1][0], ranges=rotten))
        return [fixes.Numbered(seq=seq, fix=fix) for seq, fix in read if fix is not None]

    def _heard_before(self, heard: outbox_file.Heard, clock: telemetry.Clock) -> outbox_file.Heard | None:
        key = (heard.fob, heard.number, heard.kind)
        # A box without a clock of its own goes on where its date was saved, and a fob may count from the start again:
        # what seems a repeat from before the power cut can be a press of hours later.
        may_be_earlier = clock is telemetry.Clock.GPS or not self._is_just_booted
        return self._heard.get(key) or (self._heard_earlier.get(key) if may_be_earlier else None)

    def _is_volatile(self, heard: outbox_file.Heard) -> bool:
        return any(each is not None and each.press_id == heard.press_id for each in self._volatile.values())

    def _is_durable(self, seq: int) -> None:
        with self._lock:
            if seq in self._volatile:
                del self._volatile[seq]
                self._durable_news.append(seq)

    def _adopt(self, file: outbox_file.OutboxFile) -> None:
        """Take over what a file holds, and bring to it the presses that it lacks."""
        held, known = dict(file.rows("press")), file.heard()
        with self._lock:
            # Also those that were on a disk once: their fobs were told RECEIVED.
            lacking = [
                (seq, payload, self._volatile.get(seq)) for seq, payload in self._presses.items() if seq not in held
            ]
        for seq, payload, heard in lacking:
            file.add_press((seq, payload), heard)
        count = file.count("fix")
        for table in _TABLES.values():
            with self._lock:
                upto = self._numbers.raised(table, file.reserved(table))
            file.reserve(table, upto)
        for seq, _, _ in lacking:
            self._is_durable(seq)
        with self._lock:
            gone = [ranges.Ranges(ack) for ack in self._acks if ack.lane is topics.Lane.PANIC]
            held = {seq: payload for seq, payload in held.items() if not any(seq in covered for covered in gone)}
            self._presses = dict(sorted((held | self._presses).items()))
            self._heard_earlier = {(heard.fob, heard.number, heard.kind): heard for heard in known}
            self._fixes_on_disk = count


def _heard(press: telemetry.Press, number: int | None) -> outbox_file.Heard | None:
    if number is None or number > _HIGHEST_OF_FOB:
        return None
    return outbox_file.Heard(fob=press.fob, number=number, kind=str(press.kind), press_id=press.id, at=press.time)

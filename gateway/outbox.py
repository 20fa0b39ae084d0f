"""What was read and not yet acknowledged. A row goes only when an `ack` covers its number.

Rows live in a SQLite file. While the disk can't be written (full, read-only, torn) they are kept in memory, which is said, and
go to the disk as soon as it takes them. Presses are never dropped; of the fixes the oldest are thinned when there are too many.
"""

import contextlib
import dataclasses
import datetime as dt
import json
import logging
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from domain import telemetry
from domain.wire import control, fields, fixes, panic, topics
from gateway import outbox_file, outbox_memory, ranges

_log = logging.getLogger(__name__)

T = TypeVar("T")

SYNC_EVERY_S = 5.0
RETRY_DISK_S = 5.0
REPEAT_WINDOW = dt.timedelta(seconds=60)
_BLOCK = 10_000  # numbers reserved at a time, so that none is given twice even if the last commits were lost
_TABLES: dict[topics.Lane, outbox_file.Table] = {topics.Lane.FIXES: "fix", topics.Lane.PANIC: "press"}
_CLOCK_IS_SET = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


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
        most_fixes: past it the oldest are thinned.
    """

    def __init__(self, path: Path, *, now: dt.datetime, most_fixes: int) -> None:
        self._path = path
        self._most_fixes = most_fixes
        self._lock = threading.RLock()
        self._file: outbox_file.OutboxFile | None = None
        self._memory = outbox_memory.Fixes()
        # Presses are few: all stand in memory too, so that they can be sent whatever the disk does.
        self._presses: dict[int, bytes] = {}
        self._volatile: dict[int, telemetry.Press] = {}  # those of them that are not on the disk
        self._heard: dict[tuple[str, int, str], outbox_file.Heard] = {}
        self._next = dict.fromkeys(_TABLES, _first_number(now))
        self._reserved = dict.fromkeys(_TABLES, 0)
        self._fixes_on_disk = 0
        self._synced_s = self._tried_s = float("-inf")
        self.trouble: str | None = None  #: why rows are in memory only
        self.thinned = 0
        self._open()

    def add_fixes(self, taken: Sequence[telemetry.Fix], *, now_s: float) -> None:
        """Keep fixes in the order given; one before the first day of GPS has no place in the contract and is left out."""
        with self._lock:
            rows = [
                (self._number(topics.Lane.FIXES), fields.dump(fixes.encode_fix(fix)))
                for fix in taken
                if fix.time >= fixes.EARLIEST
            ]
            if not rows:
                return
            durable = now_s - self._synced_s >= SYNC_EVERY_S
            if not self._written(lambda file: file.add_fixes(rows, durable=durable)):
                self._memory.add(rows)
                return
            self._synced_s = now_s if durable else self._synced_s
            self._fixes_on_disk += len(rows)
            if self._fixes_on_disk > self._most_fixes:
                self._thin()

    def add_press(self, press: telemetry.Press, *, number: int | None) -> Kept:
        """Keep a press and number it; `number` is the fob's own, by which a repeated one is known."""
        with self._lock:
            heard = _heard(press, number)
            before = None if heard is None else self._heard.get((heard.fob, heard.number, heard.kind))
            if before is not None and abs(press.time - before.at) <= REPEAT_WINDOW:
                again = dataclasses.replace(press, id=before.press_id)
                return Kept(press=again, is_new=False, is_durable=not self._is_volatile(before.press_id))
            kept = dataclasses.replace(press, seq=self._number(topics.Lane.PANIC))
            self._presses[kept.seq] = panic.encode(kept)
            durable = self._written(lambda file: file.add_press((kept.seq, self._presses[kept.seq]), heard))
            if not durable:
                self._volatile[kept.seq] = kept
            if heard is not None:
                self._heard[heard.fob, heard.number, heard.kind] = heard
            return Kept(press=kept, is_new=True, is_durable=durable)

    def fixes_between(self, *, after: int, upto: int, limit: int) -> list[fixes.Numbered]:
        """Fixes with after < seq ≤ upto, oldest first."""
        with self._lock:
            none: list[outbox_file.Row] = []
            rows = self._read(lambda file: file.rows("fix", after=after, upto=upto, limit=limit), none)
            rows += self._memory.rows(after=after, upto=upto, limit=limit - len(rows))
            numbered = [(seq, _decoded(seq, body)) for seq, body in rows]
            rotten = [(seq, seq) for seq, item in numbered if item is None]
            if rotten:
                _log.error("%d fixes of the outbox cannot be read and are dropped", len(rotten))
                self.acknowledge(control.LaneAck(lane=topics.Lane.FIXES, seq=rotten[-1][0], ranges=tuple(rotten)))
            return [item for _, item in numbered if item is not None]

    def presses(self) -> list[outbox_file.Row]:
        """The presses that wait with their payloads, newest first."""
        with self._lock:
            return list(reversed(self._presses.items()))

    def acknowledge(self, ack: control.LaneAck) -> int:
        """Forget what an acknowledgement covers; how many rows that were."""
        covered = ranges.Ranges(ack)
        with self._lock:
            deleted = self._read(lambda file: file.delete(_TABLES[ack.lane], covered.runs), 0)
            if ack.lane is topics.Lane.FIXES:
                self._fixes_on_disk -= deleted
                return deleted + self._memory.delete(covered)
            gone = [seq for seq in self._presses if seq in covered]
            for seq in gone:
                del self._presses[seq]
                self._volatile.pop(seq, None)
            return len(gone)

    def last_number(self, fob: str) -> int | None:
        """The fob's own number of its last press."""
        with self._lock:
            known = [heard for heard in self._heard.values() if heard.fob == fob]
            return max(known, key=lambda heard: heard.at).number if known else None

    @property
    def newest_fix_seq(self) -> int:
        """The number of the newest fix ever given."""
        return self._next[topics.Lane.FIXES] - 1

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

    def tend(self, *, now_s: float) -> None:
        """Try the disk again from time to time while it is in trouble."""
        with self._lock:
            if self._file is None and now_s - self._tried_s >= RETRY_DISK_S:
                self._tried_s = now_s
                self._open()

    def close(self) -> None:
        """Write through and close."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _number(self, lane: topics.Lane) -> int:
        seq = self._next[lane]
        if seq >= self._reserved[lane] and self._written(lambda file: file.reserve(_TABLES[lane], seq + _BLOCK)):
            self._reserved[lane] = seq + _BLOCK
        self._next[lane] = seq + 1
        return seq

    def _is_volatile(self, press_id: uuid.UUID) -> bool:
        return any(press.id == press_id for press in self._volatile.values())

    def _thin(self) -> None:
        gone = self._read(lambda file: file.thin(self._fixes_on_disk // 2), 0)
        self._fixes_on_disk -= gone
        self.thinned += gone
        _log.warning("the outbox holds over %d fixes: every second one of the oldest half is dropped", self._most_fixes)

    def _written(self, act: Callable[[outbox_file.OutboxFile], None]) -> bool:
        def acted(file: outbox_file.OutboxFile) -> bool:
            act(file)
            return True

        return self._read(acted, instead=False)

    def _read(self, ask: Callable[[outbox_file.OutboxFile], T], instead: T) -> T:
        if self._file is None:
            return instead
        try:
            return ask(self._file)
        except Exception as error:  # noqa: BLE001 - what the store cannot take must live on in memory, whatever the reason
            if not isinstance(error, sqlite3.Error):
                _log.exception("the outbox stumbled")
            self._file.close(cleanly=False)
            self._file = None
            self._say(str(error))
            return instead

    def _open(self) -> None:
        try:
            with contextlib.ExitStack() as undo:
                file = outbox_file.opened(self._path)
                undo.callback(file.close, cleanly=False)
                self._adopt(file)
                undo.pop_all()
        except Exception as error:  # noqa: BLE001 - what the store cannot take must live on in memory, whatever the reason
            if not isinstance(error, (sqlite3.Error, OSError)):
                _log.exception("the outbox stumbled")
            self._say(str(error))
            return
        self._file = file
        if self.trouble is not None:
            _log.info("the outbox can be written again: %s", self._path)
            self.trouble = None

    def _adopt(self, file: outbox_file.OutboxFile) -> None:
        """Take over what a file holds, and bring to it what has gathered in memory."""
        held = dict(file.rows("press"))
        for seq, payload in self._presses.items():  # also those that were on a disk once: their fobs were told RECEIVED
            if seq not in held:
                file.add_press((seq, payload), None)
        file.add_fixes(self._memory.rows(), durable=True)
        for lane, table in _TABLES.items():
            self._next[lane] = max(self._next[lane], file.reserved(table))
            self._reserved[lane] = self._next[lane] + _BLOCK
            file.reserve(table, self._reserved[lane])
        self._presses = dict(sorted((held | self._presses).items()))
        self._heard = {(heard.fob, heard.number, heard.kind): heard for heard in file.heard()} | self._heard
        self._fixes_on_disk = file.count("fix")
        self._volatile.clear()
        self._memory.clear()

    def _say(self, problem: str) -> None:
        if self.trouble != problem:
            _log.error("the outbox %s cannot be used (%s): what is read is kept in memory only", self._path, problem)
        self.trouble = problem


def _first_number(now: dt.datetime) -> int:
    # Above all that a lost file may have given: rows come slower than one a millisecond. A clock that isn't set can't tell.
    if now >= _CLOCK_IS_SET:
        return round(now.timestamp() * 1_000)
    return 2**52 + secrets.randbelow(2**51)


def _heard(press: telemetry.Press, number: int | None) -> outbox_file.Heard | None:
    if number is None:
        return None
    return outbox_file.Heard(fob=press.fob, number=number, kind=str(press.kind), press_id=press.id, at=press.time)


def _decoded(seq: int, body: bytes) -> fixes.Numbered | None:
    try:
        return fixes.Numbered(seq=seq, fix=fixes.decode_fix(json.loads(body)))
    except (fields.WireError, ValueError):
        return None

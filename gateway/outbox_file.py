"""The outbox on disk: one SQLite file in WAL mode. Every method may raise sqlite3.Error; `outbox` decides what then."""

import contextlib
import datetime as dt
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from domain.wire import fixes
from gateway import private

_log = logging.getLogger(__name__)

Table = Literal["fix", "press"]
Row = tuple[int, bytes]

_BUSY_TIMEOUT_S = 5.0
_KEEP_HEARD_MS = 86_400_000
_ENDINGS = ("", "-wal", "-shm")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS fix (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS press (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS heard (
    fob TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, press_id TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (fob, number, kind)
) STRICT;
CREATE TABLE IF NOT EXISTS reserved (lane TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS closed (cleanly INTEGER NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A press as its fob numbered it."""

    fob: str
    number: int
    kind: str
    press_id: uuid.UUID
    at: dt.datetime


class OutboxFile:
    """Rows that wait for their acknowledgement."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _close_to_others(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
        try:
            self._prepare()
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self, *, cleanly: bool = True) -> None:
        """Close the file; without `cleanly` as after a failure."""
        if cleanly:
            with contextlib.suppress(sqlite3.Error), self._transaction(durable=True):
                self._db.execute("INSERT INTO closed VALUES (1)")
        self._db.close()

    def add_fixes(self, rows: Sequence[Row], *, durable: bool) -> None:
        """Keep fixes; `durable` writes them and all before them through to the disk."""
        with self._transaction(durable=durable):
            self._db.executemany("INSERT OR REPLACE INTO fix VALUES (?, ?)", rows)

    def add_press(self, row: Row, heard: Heard | None) -> None:
        """Keep a press; when this returns it is on the disk."""
        with self._transaction(durable=True):
            self._db.execute("INSERT OR REPLACE INTO press VALUES (?, ?)", row)
            if heard is not None:
                at_ms = _to_ms(heard.at)
                self._db.execute("DELETE FROM heard WHERE abs(? - at_ms) > ?", (at_ms, _KEEP_HEARD_MS))
                self._db.execute(
                    "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?)",
                    (heard.fob, heard.number, heard.kind, str(heard.press_id), at_ms),
                )

    def reserve(self, lane: Table, upto: int) -> None:
        """Promise that numbers below `upto` won't be given again, not even after a power cut."""
        with self._transaction(durable=True):
            self._db.execute("INSERT OR REPLACE INTO reserved VALUES (?, ?)", (lane, upto))

    def reserved(self, lane: Table) -> int:
        """The first number that was never given."""
        row = self._db.execute("SELECT upto FROM reserved WHERE lane = ?", (lane,)).fetchone()
        return int(row[0]) if row else 0

    def rows(self, table: Table, *, after: int = -1, upto: int = fixes.HIGHEST_SEQ, limit: int = -1) -> list[Row]:
        """Rows with after < seq ≤ upto, oldest first; a negative limit is none."""
        return self._db.execute(
            f"SELECT seq, body FROM {table} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",  # noqa: S608
            (after, upto, limit),
        ).fetchall()

    def count(self, table: Table) -> int:
        """How many rows wait."""
        return int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    def heard(self) -> list[Heard]:
        """The presses of the last day as their fobs numbered them, oldest first."""
        rows = self._db.execute("SELECT fob, number, kind, press_id, at_ms FROM heard ORDER BY at_ms")
        return [
            Heard(fob=fob, number=number, kind=kind, press_id=uuid.UUID(press_id), at=_from_ms(at_ms))
            for fob, number, kind, press_id, at_ms in rows
        ]

    def delete(self, table: Table, ranges: Sequence[tuple[int, int]]) -> int:
        """Forget the rows of inclusive ranges; how many there were."""
        with self._transaction(durable=False):
            cursor = self._db.executemany(f"DELETE FROM {table} WHERE seq BETWEEN ? AND ?", ranges)  # noqa: S608
            return max(0, cursor.rowcount)

    def nth_fix(self, place: int) -> int:
        """The number of the fix at a place, counted from the oldest; -1 where there is none."""
        row = self._db.execute("SELECT seq FROM fix ORDER BY seq LIMIT 1 OFFSET ?", (place,)).fetchone()
        return int(row[0]) if row else -1

    def ends_of_fixes(self) -> list[Row]:
        """The oldest fix and the newest; nothing where there is none."""
        return self._db.execute(
            "SELECT seq, body FROM fix WHERE seq IN ((SELECT min(seq) FROM fix), (SELECT max(seq) FROM fix)) ORDER BY seq"
        ).fetchall()

    def size_bytes(self) -> int:
        """What the rows take, without the pages that are free again."""
        pages, free, page_bytes = (
            int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page_bytes

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_SCHEMA)
        with self._transaction(durable=True):
            was_closed = self._db.execute("DELETE FROM closed").rowcount > 0
        if not was_closed:  # a crash, a power cut, or a new file
            verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"the outbox is torn: {verdict}")

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[None]:
        # In WAL mode FULL syncs the log at each commit, NORMAL only at checkpoints.
        self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise


def opened(path: Path) -> OutboxFile:
    """Open the outbox; a torn one is put aside, and what can be read of it goes into a new one.

    Raises:
        sqlite3.Error, OSError: it can be neither opened nor replaced.
    """
    private.make_folder(path.parent)
    fresh = _fresh(path)
    if fresh.exists() and not path.exists():  # the power went while a torn one was put aside: its replacement is whole
        _exchange(path)
    try:
        return OutboxFile(path)
    except sqlite3.OperationalError:
        raise  # full, read-only or locked: the rows are still there
    except sqlite3.DatabaseError as error:
        _log.error("the outbox %s is torn (%s)", path, error)
        return _replaced(path)


def _replaced(path: Path) -> OutboxFile:
    # The torn one keeps its place until all that can be read of it is safe in the other.
    fresh = _fresh(path)
    for ending in _ENDINGS:
        _beside(fresh, ending).unlink(missing_ok=True)
    positions, presses = _salvaged(path, "fix"), _salvaged(path, "press")
    new = OutboxFile(fresh)
    try:
        for row in presses:
            new.add_press(row, None)
        new.add_fixes(positions, durable=True)
        new.reserve("press", _reserved_in(path, "press", presses))
        new.reserve("fix", _reserved_in(path, "fix", positions))
    finally:
        new.close()
    if _beside(fresh, "-wal").exists():
        raise sqlite3.OperationalError(f"the replacement {fresh} cannot be written through")
    _sync(fresh)
    _sync(path.parent)
    aside = _exchange(path)
    _log.error("it stands aside as %s; carried over: %d presses, %d fixes", aside, len(presses), len(positions))
    return OutboxFile(path)


def _exchange(path: Path) -> Path:
    """Put aside what is left of the torn file, and its replacement into its place."""
    aside = path.with_name(f"{path.name}.torn")
    number = 1
    while any(_beside(aside, ending).exists() for ending in _ENDINGS):
        number += 1
        aside = path.with_name(f"{path.name}.torn.{number}")
    for ending in _ENDINGS:  # the log as well: it must not be played into another file
        with contextlib.suppress(FileNotFoundError):
            _beside(path, ending).replace(_beside(aside, ending))
    _sync(path.parent)
    _fresh(path).replace(path)
    _sync(path.parent)
    return aside


def _fresh(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _close_to_others(path: Path) -> None:
    # SQLite gives the log and the index the mode of the file.
    try:
        private.make_file(path)
        for ending in _ENDINGS[1:]:
            if _beside(path, ending).exists():
                private.make_file(_beside(path, ending))
    except OSError as error:
        raise sqlite3.OperationalError(f"{path}: {error.strerror}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _salvaged(path: Path, table: Table) -> list[Row]:
    """What can be read of a torn table, from both of its ends."""
    found: dict[int, bytes] = {}
    for order in ("ASC", "DESC"):
        with (
            contextlib.suppress(sqlite3.Error, ValueError, TypeError),
            contextlib.closing(sqlite3.connect(path)) as torn,
        ):
            for seq, body in torn.execute(f"SELECT seq, body FROM {table} ORDER BY seq {order}"):  # noqa: S608
                found[int(seq)] = bytes(body)
    return sorted(found.items())


def _reserved_in(path: Path, lane: Table, rows: list[Row]) -> int:
    after_rows = rows[-1][0] + 1 if rows else 0
    with contextlib.suppress(sqlite3.Error, ValueError, TypeError), contextlib.closing(sqlite3.connect(path)) as torn:
        (upto,) = torn.execute("SELECT upto FROM reserved WHERE lane = ?", (lane,)).fetchone()
        return max(int(upto), after_rows)
    return after_rows


def _to_ms(time: dt.datetime) -> int:
    return round(time.timestamp() * 1_000)


def _from_ms(at_ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1_000, dt.UTC)

"""Every fix of the last hour, sent or not, for who wants a moment in full.

Kept compressed in memory, a minute a piece, with a copy of each piece in a folder for the next start: about 20 kB a minute at
10 Hz. The minute under way stands beside them as lines, written every two seconds: kill -9 costs no more than those, a power
cut what the system had not brought to the disk. Without a disk the memory alone serves.
"""

import datetime as dt
import itertools
import logging
import math
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain import telemetry
from domain.wire import fields
from gateway import fix_bodies, private

_log = logging.getLogger(__name__)

PIECE_S = 60.0
MOST_PIECES = 60
MOST_BYTES = 16_000_000
WRITE_EVERY_S = 2.0
_MOST_OPEN = 20_000  # fixes of the piece under way, should nobody come to close it
_UNDER_WAY = "under-way.jsonl"
_TIME_AT = slice(6, 30)  # {"t":"2026-03-01T12:00:00.250Z",…: times compare as text


class Recording:
    """The pieces of the last hour; fixes are added by the lines' threads, `tend` is one thread's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._open: deque[bytes] = deque(maxlen=_MOST_OPEN)
        self._written = 0  # so many of them stand in the file
        self._since_s: float | None = None
        self._due_s = -math.inf
        self._fault: str | None = None
        self._load()

    def add(self, taken: Sequence[telemetry.Fix], *, mono_s: float) -> None:
        """Record fixes; one before the first day of GPS has no place in the contract."""
        bodies = fix_bodies.encode(taken)
        with self._lock:
            self._open.extend(bodies)
            if bodies and self._since_s is None:
                self._since_s = mono_s

    def tend(self, *, mono_s: float) -> None:
        """Bring what is new to the disk; close the piece under way once it is a minute old."""
        if self._since_s is not None and mono_s - self._since_s >= PIECE_S:
            self._close_piece()
        elif mono_s >= self._due_s:
            self._due_s = mono_s + WRITE_EVERY_S
            self.flush()

    def flush(self) -> None:
        """Bring what is new to the disk; the piece under way goes on after the next start."""
        with self._lock:
            known = self._written if self._fault is None and len(self._open) < _MOST_OPEN else 0
            fresh = list(itertools.islice(self._open, known, None))
        if not fresh:
            return
        try:
            private.make_folder(self.folder)
            private.make_file(self._under_way)
            with self._under_way.open("ab" if known else "wb") as file:
                file.write(b"".join(body + b"\n" for body in fresh))
        except OSError as error:
            self._fail(error)
            return
        self._fault, self._written = None, known + len(fresh)

    def pieces(self) -> list[bytes]:
        """All that is there now, compressed, oldest first."""
        with self._lock:
            bodies = list(self._open)
            whole = [piece for _, piece in self._pieces]
        return [*whole, zlib.compress(b"\n".join(bodies))] if bodies else whole

    def _close_piece(self) -> None:
        with self._lock:
            bodies, self._since_s, self._written = list(self._open), None, 0
            self._open.clear()
            # Held while a minute is compressed: nobody may look and find it neither here nor there.
            piece = zlib.compress(b"\n".join(bodies))
            number = self._pieces[-1][0] + 1 if self._pieces else 1
            self._pieces.append((number, piece))
            gone = self._shortened()
        self._write(number, piece, gone)

    def _shortened(self) -> list[int]:
        gone = []
        while len(self._pieces) > MOST_PIECES or sum(len(piece) for _, piece in self._pieces) > MOST_BYTES:
            gone.append(self._pieces.popleft()[0])
        return gone

    def _write(self, number: int, piece: bytes, gone: Sequence[int]) -> None:
        try:
            private.make_folder(self.folder)
            private.replace(self._path(number), piece)
            self._under_way.unlink(missing_ok=True)
            for each in gone:
                self._path(each).unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)
            return
        self._fault = None

    def _fail(self, error: OSError) -> None:
        if self._fault is None:
            _log.warning("the last hour is kept in memory only: %s: %s", self.folder, error.strerror)
        self._fault = error.strerror

    def _load(self) -> None:
        try:
            found = sorted(path for path in self.folder.glob("*.fixes") if path.stem.isdecimal())
            for path in found[:-MOST_PIECES]:
                path.unlink()
            for path in found[-MOST_PIECES:]:
                self._pieces.append((int(path.stem), path.read_bytes()))
            for number in self._shortened():
                self._path(number).unlink(missing_ok=True)
            if self._under_way.exists():
                # What a crash or a full disk has torn off is no line.
                self._open.extend(self._under_way.read_bytes().split(b"\n")[:-1])
        except OSError as error:
            _log.warning("the last hour before this start cannot be read: %s: %s", self.folder, error.strerror)

    @property
    def _under_way(self) -> Path:
        return self.folder / _UNDER_WAY

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}.fixes"


def between(pieces: Sequence[bytes], first: dt.datetime, last: dt.datetime) -> Iterator[bytes]:
    """The bodies of all fixes from `first` to `last`, both included; a torn piece is passed over."""
    begin, end = fields.iso_ms(first).encode(), fields.iso_ms(last).encode()
    for piece in pieces:
        try:
            bodies = zlib.decompress(piece).split(b"\n")
        except zlib.error as error:
            _log.warning("a minute of the last hour cannot be read: %s", error)
            continue
        yield from (body for body in bodies if begin <= body[_TIME_AT] <= end)

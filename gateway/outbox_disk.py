"""The outbox's file as something that may be there or not: what goes wrong closes it, and it is tried again."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from gateway import outbox_file

_log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_S = 5.0
STALLED_S = 5.0


class Disk:
    """An outbox file. All but `watch` and `trouble` is for those who hold `lock`, which lasts as long as the disk takes."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self.openings = 0  #: each time there may be rows that could not be read before
        self._path = path
        self._file: outbox_file.OutboxFile | None = None
        self._tried_s = float("-inf")
        self._busy_since_s: float | None = None
        self._fault: str | None = None
        self._is_stalled = False

    @property
    def is_open(self) -> bool:
        """It can be asked."""
        return self._file is not None

    @property
    def trouble(self) -> str | None:
        """Why nothing can be kept there."""
        return self._fault or ("the disk does not answer" if self._is_stalled else None)

    @contextlib.contextmanager
    def busy(self, now_s: float) -> Iterator[None]:
        """Hold the lock for a writing that began now."""
        self._busy_since_s = now_s
        try:
            with self.lock:
                yield
        finally:
            self._busy_since_s = None

    def watch(self, *, now_s: float) -> None:
        """Say it when a writing takes very long, from a thread that it does not keep waiting."""
        since_s = self._busy_since_s
        was_stalled, self._is_stalled = self._is_stalled, since_s is not None and now_s - since_s >= STALLED_S
        if self._is_stalled and not was_stalled:
            _log.error("the disk of %s does not answer: what is read is kept in memory and sent from there", self._path)
        elif was_stalled and not self._is_stalled:
            _log.info("the disk of %s answers again", self._path)

    def ready(self, now_s: float, adopt: Callable[[outbox_file.OutboxFile], None]) -> bool:
        """Whether it is open; where it is not, that is tried from time to time."""
        if self._file is None and now_s - self._tried_s >= RETRY_S:
            self._tried_s = now_s
            self.open(adopt)
        return self._file is not None

    def open(self, adopt: Callable[[outbox_file.OutboxFile], None]) -> None:
        """Try to open it; `adopt` makes its content known, and may fail as the disk may."""
        try:
            with contextlib.ExitStack() as undo:
                file = outbox_file.opened(self._path)
                undo.callback(file.close, cleanly=False)
                adopt(file)
                undo.pop_all()
        except Exception as error:  # noqa: BLE001 - what the store cannot take must live on in memory, whatever the reason
            if not isinstance(error, (sqlite3.Error, OSError)):
                _log.exception("the outbox stumbled")
            self._say(str(error))
            return
        self._file = file
        self.openings += 1
        if self._fault is not None:
            _log.info("the outbox can be written again: %s", self._path)
            self._fault = None

    def written(self, act: Callable[[outbox_file.OutboxFile], None]) -> bool:
        """Whether it could be done."""

        def acted(file: outbox_file.OutboxFile) -> bool:
            act(file)
            return True

        return self.tried(acted, instead=False)

    def tried(self, ask: Callable[[outbox_file.OutboxFile], T], instead: T) -> T:
        """What the file answers; something else where it is not open or fails, which closes it."""
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

    def close(self) -> None:
        """Close the file as after a good end."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _say(self, problem: str) -> None:
        if self._fault != problem:
            _log.error("the outbox %s cannot be used (%s): what is read is kept in memory only", self._path, problem)
        self._fault = problem

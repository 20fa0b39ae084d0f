"""Sends a part of the last hour that was asked for, bit by bit, as ordinary fixes; what is under way survives a restart."""

import datetime as dt
import itertools
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain import telemetry
from domain.wire import fields, fixes
from gateway import fix_bodies, private, recording

_log = logging.getLogger(__name__)

_AT_ONCE = 250
"""So many a step: new fixes still find room beside them in memory and on the way."""

_MOST_WAITING = 8
_FILE_NAME = "uploads.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    first: dt.datetime
    last: dt.datetime
    bodies: Iterator[bytes]


class Uploads:
    """What was asked for and has not gone into the outbox yet.

    Args:
        record: the last hour; what waits is remembered in its folder.
        keep: puts fixes into the outbox.
    """

    def __init__(self, record: recording.Recording, keep: Callable[[list[telemetry.Fix]], None]) -> None:
        self._record = record
        self._keep = keep
        self._path = record.folder / _FILE_NAME
        self._waiting: deque[_Upload] = deque()
        self._load()

    def ask(self, arguments: Mapping[str, Any]) -> tuple[bool, str]:
        """Take on `from` and `to`, ISO 8601 times (`to` may be left out); whether that can be done, and how many fixes."""
        try:
            first = fields.time(arguments, "from")
            last = fields.time(arguments, "to") if arguments.get("to") is not None else fixes.LATEST
        except fields.WireError as error:
            return False, str(error)
        if last < first:
            return False, "to is before from"
        if len(self._waiting) >= _MOST_WAITING:
            return False, f"{_MOST_WAITING} uploads are under way already"
        pieces = self._record.pieces()
        count = sum(1 for _ in recording.between(pieces, first, last))
        if count:
            self._waiting.append(_Upload(first=first, last=last, bodies=recording.between(pieces, first, last)))
            self._save()
        return True, f"{count} fixes"

    def step(self) -> None:
        """Put the next of them into the outbox."""
        if not self._waiting:
            return
        bodies = list(itertools.islice(self._waiting[0].bodies, _AT_ONCE))
        read = [fix for fix in map(_fix_of, bodies) if fix is not None]
        if read:
            self._keep(read)
        if len(bodies) < _AT_ONCE:
            self._waiting.popleft()
            self._save()

    def _save(self) -> None:
        waiting = [{"from": each.first.isoformat(), "to": each.last.isoformat()} for each in list(self._waiting)]
        try:
            private.make_folder(self._path.parent)
            private.replace(self._path, fields.dump(waiting))
        except OSError as error:
            _log.warning("uploads under way would not survive a restart: %s: %s", self._path, error.strerror)

    def _load(self) -> None:
        """Begin those anew that had not come to their end: the server ignores what it has."""
        try:
            for asked in json.loads(self._path.read_bytes()):
                first, last = fields.time(asked, "from"), fields.time(asked, "to")
                bodies = recording.between(self._record.pieces(), first, last)
                self._waiting.append(_Upload(first=first, last=last, bodies=bodies))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError, fields.WireError) as error:
            _log.warning("uploads that were under way cannot be read: %s: %s", self._path, error)


def _fix_of(body: bytes) -> telemetry.Fix | None:
    fix = fix_bodies.decode(body)
    if fix is None:
        _log.warning("a fix of the last hour cannot be read")
    return fix

"""Sends a part of the last hour that was asked for, bit by bit, as ordinary fixes."""

import itertools
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain import telemetry
from domain.wire import fields, fixes
from gateway import recording

_log = logging.getLogger(__name__)

_AT_ONCE = 250
"""So many a step: new fixes still find room beside them in memory and on the way."""

_MOST_WAITING = 8


class Uploads:
    """What was asked for and has not gone into the outbox yet.

    Args:
        record: the last hour.
        keep: puts fixes into the outbox.
    """

    def __init__(self, record: recording.Recording, keep: Callable[[list[telemetry.Fix]], None]) -> None:
        self._record = record
        self._keep = keep
        self._waiting: deque[Iterator[bytes]] = deque()

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
            self._waiting.append(recording.between(pieces, first, last))
        return True, f"{count} fixes"

    def step(self) -> None:
        """Put the next of them into the outbox."""
        if not self._waiting:
            return
        bodies = list(itertools.islice(self._waiting[0], _AT_ONCE))
        if len(bodies) < _AT_ONCE:
            self._waiting.popleft()
        read = [fix for fix in map(_fix_of, bodies) if fix is not None]
        if read:
            self._keep(read)


def _fix_of(body: bytes) -> telemetry.Fix | None:
    try:
        return fixes.decode_fix(json.loads(body))
    except (fields.WireError, ValueError):
        _log.warning("a fix of the last hour cannot be read")
        return None

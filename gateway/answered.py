"""The commands that were answered: MQTT may bring one twice (QoS 1), also after the restart that it ordered."""

import contextlib
import json
import logging
from collections import OrderedDict
from pathlib import Path

from domain.wire import control, fields
from gateway import private

_log = logging.getLogger(__name__)

_MOST = 200


class Answered:
    """The newest answers by their commands' ids.

    Args:
        path: where they outlive a restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._replies: OrderedDict[str, control.Reply] = OrderedDict()
        with contextlib.suppress(FileNotFoundError):
            self._load()

    def find(self, command_id: str) -> control.Reply | None:
        """What was answered to a command."""
        return self._replies.get(command_id)

    def add(self, reply: control.Reply) -> None:
        """Remember an answer."""
        self._replies[reply.id] = reply
        if len(self._replies) > _MOST:
            self._replies.popitem(last=False)

    def save(self) -> None:
        """Keep them for the next start; a disk that can't is said."""
        records = [json.loads(control.encode_reply(reply)) for reply in self._replies.values()]
        try:
            private.replace(self._path, fields.dump(records))
        except OSError as error:
            _log.error("answers to commands cannot be kept: %s: %s", self._path, error.strerror)

    def _load(self) -> None:
        try:
            for record in json.loads(self._path.read_bytes()):
                self.add(control.decode_reply(fields.dump(record)))
        except FileNotFoundError:
            raise
        except (OSError, ValueError, TypeError, fields.WireError) as error:
            _log.warning("earlier answers to commands cannot be read: %s: %s", self._path, error)

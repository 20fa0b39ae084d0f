"""The rates that ports were understood at: the next start begins there, so that a fob's first word is heard."""

import json
import logging
import threading
from pathlib import Path

from domain.wire import fields
from gateway import baud_search, private

_log = logging.getLogger(__name__)


class KnownRates:
    """Rates by the ports' names.

    Args:
        path: where they outlive a restart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._rates: dict[str, int] = {}
        self._is_saved = True
        self._load()

    def of(self, port: str) -> int | None:
        """The rate that was right last time."""
        with self._lock:
            return self._rates.get(port)

    def found(self, port: str, rate: int) -> None:
        """Take note of a rate that is right."""
        with self._lock:
            if self._rates.get(port) != rate:
                self._rates[port] = rate
                self._is_saved = False

    def save(self) -> None:
        """Keep them if they have changed; it lasts as long as the disk does, and one that can't costs a search."""
        with self._lock:
            if self._is_saved:
                return
            self._is_saved, rates = True, dict(self._rates)
        try:
            private.replace(self._path, fields.dump(rates))
        except OSError as error:
            _log.warning("the rates that were found cannot be kept: %s: %s", self._path, error.strerror)

    def _load(self) -> None:
        try:
            read = json.loads(self._path.read_bytes()).items()
        except FileNotFoundError:
            return
        except (OSError, ValueError, AttributeError) as error:
            _log.warning("the rates of last time cannot be read: %s: %s", self._path, error)
            return
        self._rates = {port: rate for port, rate in read if rate in baud_search.RATES}

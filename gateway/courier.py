"""The threads that carry the outbox to the broker, and what is in memory to its file."""

import logging
import threading
import time
from typing import Protocol

_log = logging.getLogger(__name__)

_AFTER_FAILURE_S = 1.0


class Step(Protocol):
    """A piece of work."""

    def __call__(self, *, now_s: float) -> float:
        """Do what is due; seconds until there may be more."""


class Courier:
    """Steps its work whenever something is due or has happened."""

    def __init__(self, step: Step, *, name: str) -> None:
        self._step = step
        self._name = name
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step in hand, make a last one for what came during it, and end."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(timeout=2.0)

    def ring(self) -> None:
        """Something has happened: a new row, an acknowledgement, a connection."""
        self._bell.set()

    @property
    def is_running(self) -> bool:
        """The thread works."""
        return self._thread.is_alive()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._bell.clear()
            is_last = self._stopping.is_set()  # asked after the bell, or a stop between the two would be slept through
            wait_s = self._tried()
            if not is_last:
                self._bell.wait(wait_s)

    def _tried(self) -> float:
        try:
            return self._step(now_s=time.monotonic())
        except Exception:  # noqa: BLE001 - a supervision loop: rows stay in the outbox and are tried again
            _log.exception("the courier of %s stumbled", self._name)
            return _AFTER_FAILURE_S

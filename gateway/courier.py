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
        """Finish the step in hand and end."""
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
        while not self._stopping.is_set():
            self._bell.clear()
            try:
                wait_s = self._step(now_s=time.monotonic())
            except Exception:  # noqa: BLE001 - a supervision loop: rows stay in the outbox and are tried again
                _log.exception("the courier of %s stumbled", self._name)
                wait_s = _AFTER_FAILURE_S
            self._bell.wait(wait_s)

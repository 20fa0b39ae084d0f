"""The thread that carries the outbox to the broker."""

import logging
import threading
import time

from gateway import delivery

_log = logging.getLogger(__name__)

_AFTER_FAILURE_S = 1.0


class Courier:
    """Steps a delivery whenever something is due or has happened."""

    def __init__(self, work: delivery.Delivery) -> None:
        self._work = work
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

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
                wait_s = self._work.step(now_s=time.monotonic())
            except Exception:  # noqa: BLE001 - a supervision loop: rows stay in the outbox and are tried again
                _log.exception("the courier stumbled")
                wait_s = _AFTER_FAILURE_S
            self._bell.wait(wait_s)

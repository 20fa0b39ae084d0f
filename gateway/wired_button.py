"""A button wired to a control line: reads its level many times a second and hands on what its contact tells.

TIOCMIWAIT would wake at an edge, but it can be neither timed out nor left, and not every USB adapter's driver has it.
"""

import logging
import termios
import threading
from collections.abc import Callable
from typing import Protocol

from domain import telemetry
from gateway import contact, instants, port_settings

_log = logging.getLogger(__name__)

_EVERY_S = 0.01  # a finger holds a button for 50 ms and more
_ALIVE_EVERY_S = 0.5  # less than the shortest silence that can be configured
PIN_BITS = {  # of TIOCMGET
    port_settings.Pin.CTS: termios.TIOCM_CTS,
    port_settings.Pin.DCD: termios.TIOCM_CD,
    port_settings.Pin.RI: termios.TIOCM_RI,
    port_settings.Pin.DSR: termios.TIOCM_DSR,
}


class Levels(Protocol):
    """Where the control lines are read."""

    def modem_lines(self) -> int | None:
        """Their TIOCM bits; None where they can't be read."""


class WiredButton:
    """One button.

    Args:
        button: which.
        levels: the port that it is wired to.
        tell: called with a press's kind, or None for "it is still there".
    """

    def __init__(
        self,
        button: port_settings.Button,
        levels: Levels,
        tell: Callable[[str, telemetry.PressKind | None], None],
    ) -> None:
        self.fob = button.fob
        self._button = button
        self._levels = levels
        self._tell = tell
        self._contact = contact.Contact(cancel_s=button.cancel_s)
        self._is_readable = False
        self._alive_s: float | None = None
        self._is_said = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"button {button.fob}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        self._thread.join(timeout=1.0)

    @property
    def is_running(self) -> bool:
        """The thread reads or tries to."""
        return self._thread.is_alive()

    @property
    def state(self) -> str:
        """For the status."""
        if not self._is_readable:
            return "unreadable"
        return "stuck" if self._contact.state is contact.State.STUCK else "open"

    def look(self, mono_s: float) -> None:
        """Read the level once."""
        bits = self._levels.modem_lines()
        self._is_readable = bits is not None
        if bits is None:
            self._contact.forget()
            return
        is_active = bool(bits & PIN_BITS[self._button.pin]) is not self._button.active_low
        for kind in self._contact.sample(is_active=is_active, mono_s=mono_s):
            self._tell(self.fob, kind)
        self._say_stuck()
        if self._alive_s is None or mono_s - self._alive_s >= _ALIVE_EVERY_S:
            self._alive_s = mono_s
            self._tell(self.fob, None)

    def _say_stuck(self) -> None:
        is_stuck = self._contact.state is contact.State.STUCK
        if is_stuck is not self._is_said:
            self._is_said = is_stuck
            words = f"stuck: its line has been active for {contact.STUCK_S:.0f} s" if is_stuck else "free again"
            _log.log(logging.WARNING if is_stuck else logging.INFO, "button %s is %s", self.fob, words)

    def _keep(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                self.look(instants.now().mono_s)
            except Exception:  # noqa: BLE001 - a press that can't be dealt with must not be the last one heard
                _log.exception("button %s: its press could not be dealt with", self.fob)

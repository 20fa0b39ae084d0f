"""Whether somebody needs help: from an alarming press until its alert is resolved or its own fob cancels."""

import threading

from domain import telemetry
from domain.wire import control

LONGEST_S = 4 * 3_600.0
"""An alert whose end is never told counts as over after so long without another word of it."""

_ALARMING = frozenset(telemetry.PressKind) - {
    telemetry.PressKind.TEST,
    telemetry.PressKind.CHECK_IN,
    telemetry.PressKind.CANCEL,
}
_OVER = "resolved"
_UNKNOWN_FOB = ""
_MOST_FOBS = 256


class OpenAlerts:
    """The fobs whose alert is open; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since_s: dict[str, float] = {}

    def pressed(self, fob: str, kind: telemetry.PressKind, *, mono_s: float) -> None:
        """A fob was pressed here."""
        if kind in _ALARMING:
            self._open(fob, mono_s)
        elif kind is telemetry.PressKind.CANCEL:
            self._close(fob)

    def notice(self, notice: control.AlertNotice, *, mono_s: float) -> None:
        """The server told the state of an alert: whatever is not resolved is open, also after a restart here."""
        if notice.state != _OVER:
            self._open(notice.fob or _UNKNOWN_FOB, mono_s)
        elif notice.fob is None:
            with self._lock:
                self._since_s.clear()
        else:
            self._close(notice.fob)

    def is_any_open(self, *, mono_s: float) -> bool:
        """Tell whether an alert is open."""
        with self._lock:
            return any(mono_s - since_s < LONGEST_S for since_s in self._since_s.values())

    def _open(self, fob: str, mono_s: float) -> None:
        with self._lock:
            self._since_s.pop(fob, None)
            self._since_s[fob] = mono_s
            if len(self._since_s) > _MOST_FOBS:  # noise that passes for fobs must not fill the memory
                del self._since_s[next(iter(self._since_s))]

    def _close(self, fob: str) -> None:
        with self._lock:
            self._since_s.pop(fob, None)
            self._since_s.pop(_UNKNOWN_FOB, None)

"""Whether somebody needs help: from an alarming press until its alert is resolved.

A fob's cancel ends nothing here: the server marks the alert, and it stays open until a person has looked.
"""

import json
import logging
import math
import threading
from pathlib import Path

from domain import telemetry
from domain.wire import control, fields
from gateway import instants, private

_log = logging.getLogger(__name__)

LONGEST_S = 4 * 3_600.0
"""An alert whose end is never told counts as over after so long without another word of it."""

_HARMLESS = (telemetry.PressKind.TEST, telemetry.PressKind.CHECK_IN, telemetry.PressKind.CANCEL)
_OVER = "resolved"
_UNKNOWN_FOB = ""
_MOST_FOBS = 256


class OpenAlerts:
    """The fobs whose alert is open; safe to use from several threads.

    Args:
        path: where they outlive a restart.
        now: how old those are that were open before it.
    """

    def __init__(self, path: Path, *, now: instants.Instant) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._since_s: dict[str, float] = {}
        self._is_saved = True
        self._is_said = False
        self._load(now)

    def pressed(self, fob: str, kind: telemetry.PressKind, *, mono_s: float) -> None:
        """A fob was pressed here."""
        if kind not in _HARMLESS:
            self._open(fob, mono_s)

    def notice(self, notice: control.AlertNotice, *, mono_s: float) -> None:
        """The server told the state of an alert: whatever is not resolved is open."""
        fob = notice.fob or _UNKNOWN_FOB
        if notice.state != _OVER:
            self._open(fob, mono_s)
        else:
            self._close(fob)

    def is_any_open(self, *, mono_s: float) -> bool:
        """Tell whether an alert is open."""
        with self._lock:
            return any(mono_s - since_s < LONGEST_S for since_s in self._since_s.values())

    def save(self, now: instants.Instant) -> None:
        """Keep them for the next start if they have changed; it lasts as long as the disk does, and one that can't is said."""
        with self._lock:
            if self._is_saved:
                return
            self._is_saved = True
            # By the date: the running clock begins anew with the box.
            since = {fob: now.utc.timestamp() - (now.mono_s - since_s) for fob, since_s in self._since_s.items()}
        try:
            private.replace(self._path, fields.dump(since))
        except OSError as error:
            with self._lock:
                self._is_saved = False
            if not self._is_said:
                _log.error("open alerts cannot be kept for a restart: %s: %s", self._path, error.strerror)
            self._is_said = True
            return
        self._is_said = False

    def _open(self, fob: str, mono_s: float) -> None:
        with self._lock:
            self._is_saved = False
            self._since_s.pop(fob, None)
            self._since_s[fob] = mono_s
            if len(self._since_s) > _MOST_FOBS:  # noise that passes for fobs must not fill the memory
                del self._since_s[next(iter(self._since_s))]

    def _close(self, fob: str) -> None:
        with self._lock:
            self._is_saved = False
            if fob == _UNKNOWN_FOB:
                self._since_s.clear()
            self._since_s.pop(fob, None)
            self._since_s.pop(_UNKNOWN_FOB, None)

    def _load(self, now: instants.Instant) -> None:
        try:
            since = {str(fob): float(at_s) for fob, at_s in json.loads(self._path.read_bytes()).items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _log.warning("the alerts that were open cannot be read: %s: %s", self._path, error)
            return
        for fob, at_s in list(since.items())[-_MOST_FOBS:]:
            # One from the future was kept, or is read, by a clock that was not set: how old it is cannot be known.
            age_s = max(0.0, now.utc.timestamp() - at_s)
            if math.isfinite(age_s) and age_s < LONGEST_S:
                self._since_s[fob] = now.mono_s - age_s

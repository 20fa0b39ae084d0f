"""Panic buttons: a press is on the disk, or acknowledged, before its fob is told RECEIVED; fobs are supervised."""

import collections
import logging
import threading
import uuid
from collections.abc import Callable, Container, Sequence
from typing import Protocol

from domain import telemetry
from domain.wire import control, status, topics
from gateway import instants, outbox, panic_sentence, press_clock, ranges, selection
from gateway.panic_sentence import Lamp

_log = logging.getLogger(__name__)

_LAMPS = {"acknowledged": Lamp.ACKNOWLEDGED, "resolved": Lamp.RESOLVED}
_NOT_ALARMING = (telemetry.PressKind.TEST, telemetry.PressKind.CHECK_IN)


class Line(Protocol):
    """The line on which a fob was heard."""

    def write(self, data: bytes) -> None:
        """Send to whoever listens there."""


class Buttons:
    """Hears the fobs on every line.

    Args:
        box: what is pressed goes there.
        fixes: a press carries the last one.
        clock: the time of a press.
        lines: all lines; a fob that was not heard since the start may listen on any.
        silence_s: a fob that was not heard for longer is told as silent.
    """

    def __init__(
        self,
        box: outbox.Outbox,
        fixes: selection.Selection,
        clock: press_clock.PressClock,
        *,
        lines: Callable[[], Sequence[Line]],
        silence_s: float,
    ) -> None:
        self._box = box
        self._fixes = fixes
        self._clock = clock
        self._all_lines = lines
        self._silence_s = silence_s
        self._lock = threading.Lock()
        self._fobs: dict[str, telemetry.FobState] = {}  # the longest unheard first
        self._heard_s: dict[str, float] = {}  # by the running clock: a step of the other makes no fob silent
        self._lines: dict[str, Line] = {}
        self._silent: set[str] = set()
        self._unconfirmed: dict[int, tuple[str, int]] = {}
        self._counts: collections.Counter[str] = collections.Counter()

    def take(self, signal: panic_sentence.Signal, line: Line, now: instants.Instant) -> bool:
        """Deal with what a fob or a wired button says; tell whether there is a new press to send."""
        self._supervise(signal, line, now)
        if signal.kind is None:
            return False
        press = self._press(signal, signal.kind, now)
        with self._lock:  # or the disk could confirm it before it is known here
            kept = self._box.add_press(press, number=signal.number)
            if signal.number is not None and kept.is_new:
                self._unconfirmed[kept.press.seq] = (signal.fob, signal.number)
        if signal.number is not None and kept.is_durable:
            line.write(panic_sentence.answer(signal.fob, signal.number, Lamp.RECEIVED))
        if kept.is_new:
            with self._lock:
                self._counts[str(signal.kind)] += 1
            level = logging.INFO if signal.kind in _NOT_ALARMING else logging.CRITICAL
            _log.log(level, "button of fob %s: %s", signal.fob, signal.kind, extra={"press": str(kept.press.id)})
        return kept.is_new

    def settle(self, ack: control.LaneAck) -> None:
        """Tell fobs whose press is safe at the server before it was on our disk."""
        if ack.lane is topics.Lane.PANIC:
            self._confirm(ranges.Ranges(ack))

    def confirm(self, durable: Sequence[int]) -> None:
        """Tell fobs whose press is on the disk now."""
        if durable:
            self._confirm(frozenset(durable))

    def _confirm(self, covered: Container[int]) -> None:
        with self._lock:
            safe = [self._unconfirmed.pop(seq) for seq in list(self._unconfirmed) if seq in covered]
        for fob, number in safe:
            self._light(fob, number, Lamp.RECEIVED)

    def notice(self, notice: control.AlertNotice) -> None:
        """Light the lamp of the fob that raised an alert."""
        lamp = _LAMPS.get(notice.state)
        if lamp is None:
            return
        fob = notice.fob or self._only_fob()
        number = None if fob is None else self._box.last_number(fob)
        if fob is None:
            _log.warning("an alert is %s, but which fob raised it is not known", notice.state)
        elif number is not None:
            self._light(fob, number, lamp)
        else:  # a wired button, which has no lamp, or one whose press was longer ago than is remembered
            _log.info("the alert of fob %s is %s; there is no lamp to tell it", fob, notice.state)

    def fobs(self) -> dict[str, telemetry.FobState]:
        """What was last heard of each fob."""
        with self._lock:
            return dict(self._fobs)

    def presses(self) -> dict[str, int]:
        """How many presses of each kind there were since the start."""
        with self._lock:
            return dict(self._counts)

    def silent(self, *, mono_s: float) -> set[str]:
        """Fobs that have not been heard for too long; said when one becomes so."""
        with self._lock:
            silent = {fob for fob, heard_s in self._heard_s.items() if mono_s - heard_s > self._silence_s}
            for fob in silent - self._silent:
                _log.warning("fob %s has not been heard for %.0f s", fob, self._silence_s)
            for fob in (self._silent - silent) & self._fobs.keys():
                _log.info("fob %s is heard again", fob)
            self._silent = silent
            return silent

    def _press(
        self, signal: panic_sentence.Signal, kind: telemetry.PressKind, now: instants.Instant
    ) -> telemetry.Press:
        time, clock = self._clock.stamp(now)
        last = self._fixes.last
        return telemetry.Press(
            id=uuid.uuid4(),
            time=time,
            clock=clock,
            fob=signal.fob,
            kind=kind,
            seq=0,  # the outbox gives it
            battery_pct=signal.battery_pct,
            fix=None if last is None else last.fix,
            fix_age_s=None if last is None else round(now.mono_s - last.mono_s, 3),
        )

    def _supervise(self, signal: panic_sentence.Signal, line: Line, now: instants.Instant) -> None:
        with self._lock:
            self._fobs.pop(signal.fob, None)
            self._fobs[signal.fob] = telemetry.FobState(
                battery_pct=signal.battery_pct, rssi_dbm=signal.rssi_dbm, seen=now.utc
            )
            self._heard_s[signal.fob] = now.mono_s
            self._lines[signal.fob] = line
            if len(self._fobs) > status.MOST_ENTRIES:  # noise that passes for fobs must not fill the memory
                unheard = next(iter(self._fobs))
                del self._fobs[unheard], self._heard_s[unheard], self._lines[unheard]

    def _only_fob(self) -> str | None:
        with self._lock:
            return next(iter(self._fobs)) if len(self._fobs) == 1 else None

    def _light(self, fob: str, number: int, lamp: Lamp) -> None:
        with self._lock:
            heard_on = self._lines.get(fob)
        for line in self._all_lines() if heard_on is None else (heard_on,):
            line.write(panic_sentence.answer(fob, number, lamp))

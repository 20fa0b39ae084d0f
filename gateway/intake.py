"""From the receivers' fixes to those that are sent: dated, one receiver at a time, recorded, picked."""

import datetime as dt
import threading
from collections.abc import Callable

from domain import telemetry
from gateway import instants, open_alerts, press_clock, recording, reporting, rollover, selection


class Intake:
    """Takes fixes from every line's thread.

    Args:
        floor: no receiver's date can be before it.
        choice: which receiver is in use.
        clock: learns the receivers' time.
        reports: picks what is sent.
        record: gets everything.
        alerts: while one is open more is sent.
        keep: puts fixes into the outbox.
    """

    def __init__(
        self,
        *,
        floor: dt.date | None,
        choice: selection.Selection,
        clock: press_clock.PressClock,
        reports: reporting.Reporting,
        record: recording.Recording,
        alerts: open_alerts.OpenAlerts,
        keep: Callable[[list[telemetry.Fix]], None],
    ) -> None:
        self._floor = floor
        self._choice = choice
        self._clock = clock
        self._reports = reports
        self._record = record
        self._alerts = alerts
        self._keep = keep
        self._lock = threading.Lock()

    def take(self, receiver: str, fixes: list[telemetry.Fix], now: instants.Instant) -> None:
        """Deal with what a receiver told."""
        with self._lock:
            chosen, picked = [], []
            in_alert = self._alerts.is_any_open(mono_s=now.mono_s)
            for fix in fixes:
                dated = rollover.corrected(fix, floor=self._floor, now=now.utc)
                if self._choice.offer(receiver, dated, mono_s=now.mono_s):
                    self._clock.saw(dated.time, mono_s=now.mono_s)
                    chosen.append(dated)
                    picked += self._reports.pick(dated, in_alert=in_alert)
        if chosen:
            self._record.add(chosen, mono_s=now.mono_s)
        if picked:
            self._keep(picked)

    def locate(self, now: instants.Instant) -> float | None:
        """Send the newest fix if it was not sent; its age in seconds, None where there is none."""
        with self._lock:
            last, unsent = self._choice.last, self._reports.newest()
        if unsent is not None:
            self._keep([unsent])
        return None if last is None else now.mono_s - last.mono_s

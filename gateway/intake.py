"""From the receivers' fixes to those that are sent: dated, the best of each epoch, recorded, picked."""

import datetime as dt
import threading
from collections.abc import Callable

from domain import telemetry
from gateway import epoch_choice, instants, open_alerts, press_clock, recording, reporting, rollover, selection


class Intake:
    """Takes fixes from every line's thread.

    Args:
        floor: no receiver's date can be before it.
        choice: of the receivers' fixes the best of each epoch.
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
            decided = []
            for fix in fixes:
                dated = rollover.corrected(fix, floor=self._floor, now=now.utc)
                decided += self._choice.offer(receiver, dated, mono_s=now.mono_s)
                if receiver == self._choice.lead:
                    self._clock.saw(dated.time, mono_s=now.mono_s)
            self._hand_on(decided, now)

    def tend(self, now: instants.Instant) -> None:
        """Deal with the fixes that have waited long enough for another receiver's."""
        with self._lock:
            self._hand_on(self._choice.due(mono_s=now.mono_s), now)

    def finish(self, now: instants.Instant) -> None:
        """Deal with what still waits, at the end."""
        with self._lock:
            self._hand_on(self._choice.due(mono_s=now.mono_s + epoch_choice.WAIT_S), now)

    def _hand_on(self, decided: list[telemetry.Fix], now: instants.Instant) -> None:
        # Under the lock, or the fixes of two receivers' threads could pass each other here.
        if not decided:
            return
        in_alert = self._alerts.is_any_open(mono_s=now.mono_s)
        picked = [each for fix in decided for each in self._reports.pick(fix, in_alert=in_alert)]
        self._record.add(decided, mono_s=now.mono_s)
        if picked:
            self._keep(picked)

    def locate(self, now: instants.Instant) -> float | None:
        """Send the newest fix if it was not sent; its age in seconds, None where there is none."""
        with self._lock:
            last, unsent = self._choice.last, self._reports.newest()
        if unsent is not None:
            self._keep([unsent])
        return None if last is None else now.mono_s - last.mono_s

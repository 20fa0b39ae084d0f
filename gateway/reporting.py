"""Which of the fixes are sent: all of them, or one in so many seconds."""

import datetime as dt

from domain import telemetry

LONGEST_INTERVAL_S = 86_400.0
_SLACK = dt.timedelta(milliseconds=50)  # stamps of a 1 Hz receiver are not exactly a second apart


class Reporting:
    """Picks the fixes to send by their own times."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self._last: dt.datetime | None = None

    def is_due(self, fix: telemetry.Fix) -> bool:
        """Tell whether this fix is to be sent."""
        if self._last is not None and self.interval_s > 0.0:
            due = self._last + dt.timedelta(seconds=self.interval_s) - _SLACK
            if self._last - _SLACK < fix.time < due:  # a time before the last is a receiver's correction
                return False
        self._last = fix.time
        return True

"""Which day a time of day belongs to: the date comes from some sentences only, midnight comes in between."""

import datetime as dt

from gateway import fields

_BACK_MS = 3_600_000
"""A time of day up to an hour before the last known instant is a straggler; any other is ahead of it."""


class Calendar:
    """Remembers the last instant whose date is known and counts days from it."""

    def __init__(self) -> None:
        self._day: int | None = None
        self._time_ms = 0
        self._midnight = (0, dt.datetime(1, 1, 1, tzinfo=dt.UTC))

    def set(self, day: int, time_ms: int) -> None:
        """Take note of an instant with its date."""
        self._day, self._time_ms = day, time_ms

    def day_at(self, time_ms: int) -> int | None:
        """The day of the next time of day, None while no date has come."""
        if self._day is None:
            return None
        ahead_ms = (time_ms - self._time_ms + _BACK_MS) % fields.DAY_MS - _BACK_MS
        return self._day + (self._time_ms + ahead_ms) // fields.DAY_MS

    def time(self, day: int, time_ms: int) -> dt.datetime:
        """An instant in UTC."""
        if day != self._midnight[0]:
            date = dt.date.fromordinal(day)
            self._midnight = (day, dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC))
        return self._midnight[1] + dt.timedelta(milliseconds=time_ms)

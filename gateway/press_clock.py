"""What time a press gets. The box's own clock may be unset; the receivers' is not, once they have had a fix."""

import datetime as dt

from domain import telemetry
from gateway import instants

GPS_HOLDS_S = 3_600.0


class PressClock:
    """Carries the receivers' time forward on the running clock.

    Args:
        floor: a time before this day is not to be believed; None believes any.
    """

    def __init__(self, floor: dt.date | None) -> None:
        day = floor or dt.date.min
        self._floor = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
        self._gps: tuple[dt.datetime, float] | None = None

    def saw(self, fix_time: dt.datetime, *, mono_s: float) -> None:
        """Take note of a receiver's time."""
        if fix_time >= self._floor:
            self._gps = (fix_time, mono_s)

    def stamp(self, now: instants.Instant) -> tuple[dt.datetime, telemetry.Clock]:
        """The time of something that happens now, and where it comes from."""
        if self._gps is not None and now.mono_s - self._gps[1] <= GPS_HOLDS_S:
            return self._gps[0] + dt.timedelta(seconds=now.mono_s - self._gps[1]), telemetry.Clock.GPS
        if now.utc >= self._floor:
            return now.utc, telemetry.Clock.NTP
        return now.utc, telemetry.Clock.UNSET

"""Weekly hours in local time: when a fence is in force, is guarded, or wants somebody inside."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

from domain import errors

EVERY_DAY = frozenset(range(1, 8))
_DAY = dt.timedelta(days=1)


class ScheduleError(errors.DomainError):
    """Hours that no week has."""

    code = "invalid_schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Hours from `start` to `end`, the end left out; where `end` is not after `start` they end on the next day.

    Raises:
        ScheduleError: no day, a day that is none, a time with a zone, or a zone that nobody knows.
    """

    start: dt.time
    end: dt.time
    days: frozenset[int] = EVERY_DAY  #: ISO weekdays on which the hours begin, 1 is Monday
    zone: str | None = None  #: IANA name; None stands for the tenant's

    def __post_init__(self) -> None:
        if not self.days or not self.days <= EVERY_DAY:
            raise ScheduleError(f"days are 1 (Monday) to 7 (Sunday), at least one of them: {sorted(self.days)}")
        for time in (self.start, self.end):
            if time.tzinfo is not None or time.second or time.microsecond:
                raise ScheduleError(f"hours are local and in whole minutes, not {time.isoformat()}")
        if self.zone is not None:
            zone_named(self.zone)

    def holds(self, time: dt.datetime, *, tenant_zone: str) -> bool:
        """Whether a moment lies in these hours; it can only change with a whole minute."""
        zone = zone_named(self.zone or tenant_zone)
        today = time.astimezone(zone).date()
        return any(
            begin <= time < end
            for day in (today - _DAY, today)
            if day.isoweekday() in self.days
            for begin, end in [self._hours_of(day, zone)]
        )

    def windows_ended(
        self, *, after: dt.datetime, until: dt.datetime, tenant_zone: str
    ) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Begin and end, in UTC, of the hours that end in (after, until], the oldest first."""
        zone = zone_named(self.zone or tenant_zone)
        day = after.astimezone(zone).date() - 2 * _DAY
        last = until.astimezone(zone).date()
        while day <= last:
            begin, end = self._hours_of(day, zone)
            if day.isoweekday() in self.days and after < end <= until and begin < end:
                yield begin, end
            day += _DAY

    def _hours_of(self, day: dt.date, zone: zoneinfo.ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """The hours that begin on a day, in UTC.

        Where clocks are put back and a time comes twice, they begin with the first and end with the last one; where clocks are
        put forward and a time never comes, they begin and end as if they had not been.
        """
        end_day = day if self.start < self.end else day + _DAY
        begin = dt.datetime.combine(day, self.start, zone)
        end = dt.datetime.combine(end_day, self.end, zone)
        return begin.astimezone(dt.UTC), max(end.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        ScheduleError: there is none of this name.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"no such time zone: {name!r}") from None

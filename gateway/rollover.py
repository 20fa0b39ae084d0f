"""GPS counts weeks modulo 1024: old receivers date today 19.6 years ago. Put right where a date is impossible, only there."""

import dataclasses
import datetime as dt

from domain import telemetry

CYCLE = dt.timedelta(weeks=1024)
_AHEAD = dt.timedelta(days=1)


def corrected(fix: telemetry.Fix, *, floor: dt.date | None, now: dt.datetime) -> telemetry.Fix:
    """Give the fix whole cycles later if its date is before `floor` and the later one is not in the future.

    `now` bounds nothing while it is itself before the floor: then the clock is not set.
    """
    if floor is None:
        return fix
    first = dt.datetime(floor.year, floor.month, floor.day, tzinfo=dt.UTC)
    if fix.time >= first:
        return fix
    time = fix.time + CYCLE * -((fix.time - first) // CYCLE)
    if now >= first and time > now + _AHEAD:
        return fix
    return dataclasses.replace(fix, time=time)

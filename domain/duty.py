"""Whose positions are kept where a tenant keeps those of people on duty alone (R59).

What a device sends while somebody has it, and nobody who has it is on duty, is not kept. A device that nobody has is kept.
Times are microseconds since 1970. Presses are no matter of duty: they are always kept, and from one on until its alert is
resolved whoever has the fob or the device counts as on duty: people must find them.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALWAYS_US = 2**62
"""Where a period goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since_us` up to `until_us`, which is not included."""

    since_us: int
    until_us: int = ALWAYS_US

    def covers(self, time_us: int) -> bool:
        """Whether a time is within."""
        return self.since_us <= time_us < self.until_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A person has a device for a while, and when that person is on duty."""

    during: Period
    duty: Sequence[Period]


def is_kept(time_us: int, held: Iterable[Held]) -> bool:
    """Whether a fix of a device of that time is kept; the plain reference of `off_duty`."""
    having = [each for each in held if each.during.covers(time_us)]
    return not having or any(period.covers(time_us) for each in having for period in each.duty)


def off_duty(held: Iterable[Held]) -> list[Period]:
    """The periods in which nothing of a device is kept, in order.

    >>> off_duty([Held(during=Period(since_us=0), duty=[Period(since_us=5, until_us=7)])])[0]
    Period(since_us=0, until_us=5)
    """
    steps: list[tuple[int, int, int]] = []  # time, change of how many have it, change of how many of them are on duty
    for each in held:
        steps += [(each.during.since_us, 1, 0), (each.during.until_us, -1, 0)]
        for period in each.duty:
            since_us = max(period.since_us, each.during.since_us)
            until_us = min(period.until_us, each.during.until_us)
            if since_us < until_us:
                steps += [(since_us, 0, 1), (until_us, 0, -1)]
    steps.sort()
    found: list[Period] = []
    having = on_duty = 0
    for (time_us, more_having, more_on_duty), (next_us, _, _) in itertools.pairwise(steps):
        having, on_duty = having + more_having, on_duty + more_on_duty
        if not having or on_duty or time_us == next_us:
            continue
        if found and found[-1].until_us == time_us:
            found[-1] = Period(since_us=found[-1].since_us, until_us=next_us)
        else:
            found.append(Period(since_us=time_us, until_us=next_us))
    return found

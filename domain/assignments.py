"""Who has what, from when to when (R62): the words for it, and what is refused."""

import datetime as dt
from enum import StrEnum

from domain import errors

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""Within these a time can be written in any zone, read again, and counted in microseconds since 1970."""


class Thing(StrEnum):
    """What somebody or something has; one of a kind at a time."""

    DEVICE = "device"
    FOB = "fob"
    PERSON = "person"  # of a vehicle's crew


class Holder(StrEnum):
    """Who or what has it."""

    PERSON = "person"
    VEHICLE = "vehicle"


class NotFoundError(errors.DomainError):
    """The tenant has nothing of that name in service."""

    code = "not_found"


class AmbiguousNameError(errors.DomainError):
    """Several people have that name."""

    code = "ambiguous_name"


class PairError(errors.DomainError):
    """One of this kind can't be had by one of that."""

    code = "bad_assignment"


class PeriodError(errors.DomainError):
    """It would end before it begins, or a time of it is none."""

    code = "bad_period"


class OverlapError(errors.DomainError):
    """It is somebody else's within that time."""

    code = "assignment_overlap"


def require_pair(thing: Thing, holder: Holder) -> None:
    """Refuse what makes no sense.

    Raises:
        PairError: a person has a vehicle, and nobody has a person.
    """
    if thing is Thing.PERSON and holder is Holder.PERSON:
        raise PairError("a person can't be assigned to a person")


def require_period(since: dt.datetime, until: dt.datetime | None) -> None:
    """Refuse a period that is none.

    Raises:
        PeriodError: it is without its zone, out of the calendar, or ends before it begins.
    """
    for each in (since, until):
        if each is None:
            continue
        if each.tzinfo is None:
            raise PeriodError("a time needs its zone, as in 2026-03-01T12:00:00Z")
        if not EARLIEST <= each < LATEST:
            raise PeriodError(f"{each.isoformat()} is not between {EARLIEST.year} and {LATEST.year}")
    if until is not None and until <= since:
        raise PeriodError(f"it would end at {until.isoformat()}, before it begins at {since.isoformat()}")

"""How a unit is doing, by its newest fix: a pure rule for lists, maps and figures alike."""

from enum import StrEnum

from domain import emergencies

STALE_S = 60.0
"""From this age of the fix on nobody can say what a unit does now."""


class UnitState(StrEnum):
    """What the newest fix says."""

    MOVING = "moving"
    STANDING = "standing"
    STALE = "stale"  # the fix is over a minute old
    SILENT = "silent"  # there is no current location: the fix is over 30 minutes old (R56), or there is none


def state(*, age_s: float | None, moving: bool | None) -> UnitState:
    """The state of a unit whose newest fix is so old; None: there is none.

    >>> [str(state(age_s=age_s, moving=True)) for age_s in (None, 1801, 61, 60)]
    ['silent', 'silent', 'stale', 'moving']
    """
    if age_s is None or age_s > emergencies.OLD_POSITION_S:
        return UnitState.SILENT
    if age_s > STALE_S:
        return UnitState.STALE
    return UnitState.MOVING if moving else UnitState.STANDING

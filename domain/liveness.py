"""How a unit is doing: whether its link is alive, its fix is fresh, and whether it moves are three things.

A box in a garage has a link and no fix; one with a backlog tells where it was. Pure rules for lists, maps and figures alike.
"""

from enum import StrEnum

from domain import emergencies

STALE_S = 60.0
"""From this age of the fix on nobody can say what a unit does now."""


LINK_S = 300.0
"""A device without a broker's word about it is heard of at least so often."""


class Link(StrEnum):
    """What is known of the way to a device, whatever it knows of its place."""

    ALIVE = "alive"
    LOST = "lost"
    UNKNOWN = "unknown"  # it was never heard


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


def link(*, online: bool | None, told_age_s: float | None, heard_age_s: float | None) -> Link:
    """Whether a device can be reached.

    The broker tells at once when a connection ends, so its word holds until fixes come that are newer than it.

    Args:
        online: by the device's own status or its last will; None: it has none, as a phone over HTTP.
        told_age_s: since that status.
        heard_age_s: since the receipt of its latest fix, however old that fix is.

    >>> str(link(online=True, told_age_s=86_400.0, heard_age_s=None))
    'alive'
    >>> str(link(online=False, told_age_s=60.0, heard_age_s=20.0))
    'alive'
    """
    if online:
        return Link.ALIVE
    if heard_age_s is None:
        return Link.UNKNOWN if online is None else Link.LOST
    if online is False and told_age_s is not None and told_age_s <= heard_age_s:
        return Link.LOST
    return Link.ALIVE if heard_age_s <= LINK_S else Link.LOST

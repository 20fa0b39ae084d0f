"""What counts for moving or idle, and the hour for which it counts; the legs themselves are `domain.track`'s."""

import datetime as dt

MOVING_SPEED_MPS = 1.0
"""From this speed on a unit moves; receivers at rest wander at a few tenths."""
LONGEST_GAP_S = 300.0
"""Over a longer silence nobody knows whether the unit moved: its seconds count for neither."""


def hour_of(time: dt.datetime) -> dt.datetime:
    """The UTC hour that a fix counts for."""
    return time.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)

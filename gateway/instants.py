"""The two clocks of a gateway: the date, which may be unset or stepped, and one that only runs."""

import datetime as dt
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment on both clocks."""

    utc: dt.datetime
    mono_s: float


def now() -> Instant:
    """Read both clocks."""
    return Instant(dt.datetime.now(dt.UTC), time.monotonic())

"""How often Python looks for garbage in a process of ingest."""

import gc

_THRESHOLDS = (100_000, 50, 100)


def collect_seldom() -> None:
    """Look less often for objects that hold each other.

    A batch makes thousands of objects that go with it and hold nothing in a circle; as often as Python looks by itself is a
    sixth of the time that fences take (`make bench NAME=geofence`).
    """
    gc.set_threshold(*_THRESHOLDS)

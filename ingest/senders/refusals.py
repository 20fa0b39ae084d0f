"""Refused messages that come again and again: kept once, and let off at last.

An app that is refused keeps its message at the head of its queue and everything after it behind, an SOS as well. So the same
message is refused a few times, for somebody to see it, and then taken for good: it is among the rejects.
"""

import hashlib
from collections import OrderedDict

from db import device_lookup

LET_OFF_AFTER = 3
_MOST_REMEMBERED = 10_000


class Refusals:
    """How often which message was refused, as far as this process remembers."""

    def __init__(self) -> None:
        self._times: OrderedDict[bytes, int] = OrderedDict()

    def times(self, sender: device_lookup.Name, payload: bytes) -> int:
        """How often it was refused before."""
        return self._times.get(_digest(sender, payload), 0)

    def note(self, sender: device_lookup.Name, payload: bytes) -> int:
        """Count a refusal; how many there were."""
        key = _digest(sender, payload)
        times = self._times.pop(key, 0) + 1
        self._times[key] = times
        if len(self._times) > _MOST_REMEMBERED:
            self._times.popitem(last=False)
        return times


def _digest(sender: device_lookup.Name, payload: bytes) -> bytes:
    return hashlib.sha256("/".join(sender).encode() + b"\n" + payload).digest()

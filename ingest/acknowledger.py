"""Tells devices what is committed: exactly the numbers that were, as ranges, at most once in a while for each device.

Nothing is remembered of what was told: a device that has missed it sends again, and is told again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.wire import control, topics

Name = tuple[str, str]
"""A tenant's slug and a device's name."""


@dataclass(slots=True)
class _Pending:
    runs: list[tuple[int, int]] = field(default_factory=list)
    due_s: float = 0.0


class Acknowledger:
    """Collects committed numbers by device and says when which device is told."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._pending: dict[Name, _Pending] = {}
        self._quiet_until_s: dict[Name, float] = {}

    def add(self, device: Name, first: int, last: int) -> None:
        """Note that the numbers first to last of a device are committed."""
        pending = self._pending.get(device)
        if pending is None:
            pending = self._pending[device] = _Pending(due_s=self._quiet_until_s.pop(device, 0.0))
        if pending.runs and pending.runs[-1][1] + 1 == first:
            pending.runs[-1] = (pending.runs[-1][0], last)
        else:
            pending.runs.append((first, last))

    def due(self, now_s: float) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of each acknowledgement that is to go out now."""
        ready = [device for device, pending in self._pending.items() if pending.due_s <= now_s]
        for device in ready:
            runs = self._pending.pop(device).runs
            self._quiet_until_s[device] = now_s + self._interval_s
            yield from _messages(device, runs)
        if len(self._quiet_until_s) > 2 * len(ready) + 1_000:
            self._quiet_until_s = {device: until for device, until in self._quiet_until_s.items() if until > now_s}

    def flush(self) -> Iterator[tuple[str, bytes]]:
        """All that is left, at a clean stop."""
        while self._pending:
            device, pending = self._pending.popitem()
            yield from _messages(device, pending.runs)


def _messages(device: Name, runs: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bytes]]:
    topic = topics.device_topic(*device, topics.Lane.ACK)
    merged = merge(runs)
    for start in range(0, len(merged), control.MOST_RANGES):
        ranges = tuple(merged[start : start + control.MOST_RANGES])
        yield topic, control.encode_ack(control.LaneAck(lane=topics.Lane.FIXES, seq=ranges[-1][1], ranges=ranges))


def merge(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The fewest ranges with the same numbers, sorted.

    >>> merge([(5, 6), (1, 2), (3, 3), (6, 9)])
    [(1, 3), (5, 9)]
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged

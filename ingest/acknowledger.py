"""Tells devices what is committed: exactly the numbers that were, as ranges, at most once in a while for each device.

Nothing is remembered of what was told: a device that has missed it sends again, and is told again.
"""

from collections.abc import Iterable, Iterator

from domain.wire import control, topics

Name = tuple[str, str]
"""A tenant's slug and a device's name."""


Run = tuple[Name, int, int]
"""A device, and the first and the last of consecutive numbers of its."""


class Acknowledger:
    """Collects committed numbers by device and says when which device is told."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._pending: dict[Name, list[tuple[int, int]]] = {}
        self._quiet_until_s: dict[Name, float] = {}
        self._tidied_s = 0.0

    def add(self, runs: Iterable[Run]) -> None:
        """Note that these numbers are committed."""
        pending = self._pending
        for device, first, last in runs:
            known = pending.get(device)
            if known is None:
                pending[device] = [(first, last)]
            elif known[-1][1] + 1 == first:
                known[-1] = (known[-1][0], last)
            else:
                known.append((first, last))

    def due(self, now_s: float) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of each acknowledgement that is to go out now."""
        if now_s - self._tidied_s >= self._interval_s:
            self._quiet_until_s = {device: until for device, until in self._quiet_until_s.items() if until > now_s}
            self._tidied_s = now_s
        quiet_until_s = self._quiet_until_s
        for device in [each for each in self._pending if quiet_until_s.get(each, now_s) <= now_s]:
            quiet_until_s[device] = now_s + self._interval_s
            yield from _messages(device, self._pending.pop(device))

    def flush(self) -> Iterator[tuple[str, bytes]]:
        """All that is left, at a clean stop."""
        while self._pending:
            yield from _messages(*self._pending.popitem())


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

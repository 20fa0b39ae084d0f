"""What was sent and not yet acknowledged, and when to send it again."""

from collections.abc import Iterable

from gateway import ranges


class Window:
    """Numbers on their way, oldest sending first.

    Args:
        patience_s: how long to wait for an acknowledgement before the row is sent again.
        longest_patience_s: each time in vain doubles the patience up to this (an ingest that is down needs no copies).
    """

    def __init__(self, *, patience_s: float, longest_patience_s: float) -> None:
        self._first_patience_s = self._patience_s = patience_s
        self._longest_patience_s = longest_patience_s
        self._sent_at_s: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._sent_at_s)

    def __contains__(self, seq: int) -> bool:
        return seq in self._sent_at_s

    def add(self, seqs: Iterable[int], *, now_s: float) -> None:
        """Take note that these have been sent."""
        for seq in seqs:
            self._sent_at_s.pop(seq, None)
            self._sent_at_s[seq] = now_s

    def upto(self, seq: int) -> list[int]:
        """Those on their way with numbers up to this."""
        return [sent for sent in self._sent_at_s if sent <= seq]

    def settle(self, covered: ranges.Ranges) -> None:
        """Take note of an acknowledgement."""
        self._patience_s = self._first_patience_s
        for seq in [seq for seq in self._sent_at_s if seq in covered]:
            del self._sent_at_s[seq]

    def expire(self, *, now_s: float) -> list[int]:
        """Give up waiting for those that were sent too long ago; they are to be sent again."""
        expired = []
        for seq, sent_s in self._sent_at_s.items():
            if now_s - sent_s < self._patience_s:
                break
            expired.append(seq)
        for seq in expired:
            del self._sent_at_s[seq]
        if expired:
            self._patience_s = min(2 * self._patience_s, self._longest_patience_s)
        return expired

    def clear(self) -> None:
        """Forget all: the connection that they went over is gone."""
        self._sent_at_s.clear()
        self._patience_s = self._first_patience_s

"""The fixes that are not on the disk: those of the last moment, or the newest ones while it cannot be written."""

from collections import deque
from collections.abc import Sequence

from domain.wire import fixes
from gateway import ranges
from gateway.outbox_file import Row

MOST_FIXES = 20_000


class Fixes:
    """Fixes in memory; past the limit the oldest go and are counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._rows: deque[Row] = deque(maxlen=MOST_FIXES)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Sequence[Row]) -> None:
        """Keep fixes."""
        self.dropped += max(0, len(self._rows) + len(rows) - MOST_FIXES)
        self._rows.extend(rows)

    def rows(self, *, after: int = -1, upto: int = fixes.HIGHEST_SEQ, limit: int = MOST_FIXES) -> list[Row]:
        """Rows with after < seq ≤ upto, oldest first."""
        return [row for row in self._rows if after < row[0] <= upto][: max(0, limit)]

    def delete(self, covered: ranges.Ranges) -> list[int]:
        """Forget what is acknowledged; the numbers of those rows."""
        gone = [seq for seq, _ in self._rows if seq in covered]
        if gone:
            self._rows = deque((row for row in self._rows if row[0] not in covered), maxlen=MOST_FIXES)
        return gone

    def forget(self, *, upto: int) -> None:
        """Forget those with numbers up to this: they are on the disk."""
        while self._rows and self._rows[0][0] <= upto:
            self._rows.popleft()

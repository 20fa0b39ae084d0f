"""The numbers of rows: each is given once, whatever becomes of the disk and the clock."""

import datetime as dt
import secrets

from gateway.outbox_file import Table

TABLES: tuple[Table, ...] = ("fix", "press")
_BLOCK = 10_000  # numbers reserved at a time, so that none is given twice even if the last commits were lost
_CLOCK_IS_SET = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Numbering:
    """Counts up for each table, and tells which numbers are to be reserved on the disk before they run out.

    Args:
        now: UTC, used once: the first numbers are above all that an earlier, lost file may have given. None: they are far
            from all that a file which cannot be read now may hold, whatever the clock was then.
    """

    def __init__(self, now: dt.datetime | None) -> None:
        self._next: dict[Table, int] = dict.fromkeys(TABLES, _first_number(now))
        self._reserved: dict[Table, int] = dict.fromkeys(TABLES, 0)

    def give(self, table: Table) -> int:
        """The next number."""
        self._next[table] += 1
        return self._next[table] - 1

    def newest(self, table: Table) -> int:
        """The last number given."""
        return self._next[table] - 1

    def due(self) -> list[tuple[Table, int]]:
        """What to reserve now: half a block before it runs out."""
        return [
            (table, self._next[table] + _BLOCK)
            for table in TABLES
            if self._next[table] + _BLOCK // 2 > self._reserved[table]
        ]

    def reserved(self, table: Table, upto: int) -> None:
        """A reservation is on the disk."""
        self._reserved[table] = upto

    def raised(self, table: Table, first: int) -> int:
        """Begin no lower than a file says; up to where to reserve in it."""
        self._next[table] = max(self._next[table], first)
        self._reserved[table] = self._next[table] + _BLOCK
        return self._reserved[table]


def _first_number(now: dt.datetime | None) -> int:
    # Above all that a lost file may have given: rows come slower than one a millisecond. A clock that isn't set can't tell.
    if now is not None and now >= _CLOCK_IS_SET:
        return round(now.timestamp() * 1_000)
    return 2**52 + secrets.randbelow(2**51)

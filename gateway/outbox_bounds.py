"""How much the outbox may hold on the disk. Of the oldest fixes every second one goes first, but for turns and stops."""

import datetime as dt
import logging
from dataclasses import dataclass

from gateway import fix_bodies, outbox_file, thinning

_log = logging.getLogger(__name__)

_BITE = 2_000  # fixes looked at in one go: the disk must not be busy for long
_SAY_EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that is kept."""

    most_fixes: int
    most_bytes: int = 500_000_000
    longest: dt.timedelta = dt.timedelta(days=90)


USUAL = Bounds(most_fixes=400_000)


class Thinner:
    """Goes over the older half of the fixes, bite by bite, as long as there are too many, and begins anew at its end."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._after = self._end = -1  # the pass under way: numbers up to `_end`, those up to `_after` are done
        self._gone_in_pass = 0
        self._is_hard = False
        self._said: dt.datetime | None = None

    def thin(self, file: outbox_file.OutboxFile, count: int, *, now: dt.datetime) -> int:
        """Make room where there is too little; how many fixes went.

        Raises:
            sqlite3.Error: the disk would not.
        """
        gone = self._drop_old(file, now)
        while count - gone > self._bounds.most_fixes or (gone == 0 and count > 0 and self._is_large(file)):
            went = self._bite(file, count - gone)
            gone += went
            if went == 0 and self._after >= self._end and self._is_hard:
                break  # a last fix alone, or presses only
        if gone and (self._said is None or abs(now - self._said) >= _SAY_EVERY):
            self._said = now
            _log.warning("the outbox is full: of the oldest fixes every second one is dropped, but for turns and stops")
        return gone

    def _is_large(self, file: outbox_file.OutboxFile) -> bool:
        return file.size_bytes() > self._bounds.most_bytes

    def _bite(self, file: outbox_file.OutboxFile, count: int) -> int:
        if self._after >= self._end:
            # A whole pass that found nothing to spare: then turns and stops go like the others.
            self._is_hard = self._end >= 0 and self._gone_in_pass == 0
            self._after, self._end, self._gone_in_pass = -1, file.nth_fix(count // 2), 0
        rows = file.rows("fix", after=self._after, upto=self._end, limit=_BITE)
        if not rows:
            self._after = self._end
            return 0
        self._after = rows[-1][0]
        read = [fix_bodies.decode(body) for _, body in rows]
        rotten = [seq for (seq, _), fix in zip(rows, read, strict=True) if fix is None]
        whole = [(seq, fix) for (seq, _), fix in zip(rows, read, strict=True) if fix is not None]
        places = range(1, len(whole), 2) if self._is_hard else thinning.dispensable([fix for _, fix in whole])
        spare = [*rotten, *(whole[place][0] for place in places)]
        if not spare:
            return 0
        gone = file.delete("fix", [(seq, seq) for seq in spare])
        self._gone_in_pass += gone
        return gone

    def _drop_old(self, file: outbox_file.OutboxFile, now: dt.datetime) -> int:
        # Both the clock and the newest fix must say so: neither a step of the one nor a wrong date of the other costs a row.
        ends = [fix_bodies.decode(body) for _, body in file.ends_of_fixes()]
        if len(ends) < 2 or ends[0] is None or ends[1] is None:  # noqa: PLR2004
            return 0
        oldest_allowed = min(now, ends[1].time) - self._bounds.longest
        if ends[0].time >= oldest_allowed:
            return 0
        old: list[int] = []
        for seq, body in file.rows("fix", limit=_BITE):
            fix = fix_bodies.decode(body)
            if fix is not None and fix.time >= oldest_allowed:
                break
            old.append(seq)
        return file.delete("fix", [(old[0], old[-1])])

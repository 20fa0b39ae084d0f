"""Finding a line's rate: the usual ones are tried in turn until whole sentences come.

Nothing here touches a port: it is told what came and says which rate to set.
"""

RATES = (9_600, 38_400, 115_200, 4_800, 57_600, 19_200, 230_400, 460_800, 921_600)
TRIAL_S = 2.5
"""A receiver speaks once a second, and the first of its sentences may be cut by the change of rate."""
LOST_S = 10.0
_LOST_BYTES = 64  # a few bytes of noise on an idle line are no reason to leave a rate that was right


class BaudSearch:
    """Which rate to read at.

    A line that was understood and falls silent keeps its rate: a panic-button receiver may say nothing for hours, and its next
    word must be heard. Only bytes that make no sentence start the search again.

    Args:
        remembered: the rate that was right last time: it counts as right until bytes come that make no sentence.
    """

    def __init__(self, remembered: int | None = None) -> None:
        self.found = remembered
        self.is_found = remembered is not None
        self._order = self._ordered()
        self._turn = 0
        self._since_s: float | None = None
        self._bytes = 0

    @property
    def rate(self) -> int:
        """The rate to read at now."""
        return self._order[self._turn]

    def restart(self) -> None:
        """The line was opened again: what came before says nothing."""
        self._since_s = None
        self._bytes = 0

    def judge(self, *, came_bytes: int, good: int, mono_s: float) -> bool:
        """Take note of what came since the last time; tell whether the rate has to be changed."""
        if good:
            self._settle(mono_s)
            return False
        self._bytes += came_bytes
        if self._since_s is None:
            self._since_s = mono_s
        waited_s = mono_s - self._since_s
        if self.is_found and waited_s >= LOST_S and self._bytes < _LOST_BYTES:
            self.restart()  # else hours of a little noise would add up
        if not self._is_over(waited_s):
            return False
        self._since_s, self._bytes = mono_s, 0
        self._next()
        return True

    def _is_over(self, waited_s: float) -> bool:
        if self.is_found:
            return waited_s >= LOST_S and self._bytes >= _LOST_BYTES
        return waited_s >= TRIAL_S

    def _settle(self, mono_s: float) -> None:
        self.is_found, self.found = True, self.rate
        self._since_s, self._bytes = mono_s, 0

    def _next(self) -> None:
        if self.is_found:  # it was right until now
            self.is_found = False
            self._order, self._turn = self._ordered(), 0
        self._turn = (self._turn + 1) % len(self._order)

    def _ordered(self) -> tuple[int, ...]:
        first = () if self.found is None else (self.found,)
        return (*first, *(rate for rate in RATES if rate != self.found))

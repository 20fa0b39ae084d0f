"""Several receivers back each other up: one leads, and another takes over when it falls silent or is clearly worse."""

from dataclasses import dataclass

from domain import telemetry

SILENCE_S = 2.5
_BETTER_TIMES = 5
_MUCH_BETTER = 2.0  # an HDOP half as large


@dataclass(frozen=True, slots=True)
class LastFix:
    """The newest fix that was taken, and when on the running clock."""

    fix: telemetry.Fix
    mono_s: float


class Selection:
    """Takes the fixes of one receiver at a time, so that an instant is never told twice."""

    def __init__(self) -> None:
        self.lead: str | None = None
        self.last: LastFix | None = None
        self._of_lead: LastFix | None = None
        self._better_times: dict[str, int] = {}
        self._told: telemetry.Fix | None = None  # the last fix of the receiver before

    def offer(self, receiver: str, fix: telemetry.Fix, *, mono_s: float) -> bool:
        """Tell whether this fix is to be used."""
        if receiver != self.lead and not self._takes_over(receiver, fix, mono_s):
            return False
        if receiver != self.lead:
            self.lead = receiver
            self._better_times.clear()
            self._told = None if self.last is None else self.last.fix
        self._of_lead = LastFix(fix, mono_s)
        if self._told is not None and fix.time <= self._told.time:
            return False
        self.last = self._of_lead
        return True

    def _takes_over(self, receiver: str, fix: telemetry.Fix, mono_s: float) -> bool:
        if self._of_lead is None or mono_s - self._of_lead.mono_s > SILENCE_S:
            return True
        times = self._better_times.get(receiver, 0) + 1 if _is_clearly_better(fix, self._of_lead.fix) else 0
        self._better_times[receiver] = times
        return times >= _BETTER_TIMES


def _is_clearly_better(fix: telemetry.Fix, than: telemetry.Fix) -> bool:
    if fix.mode != than.mode:
        return fix.mode > than.mode
    return fix.hdop is not None and than.hdop is not None and fix.hdop * _MUCH_BETTER <= than.hdop

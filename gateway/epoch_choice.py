"""Epochs that may still get a better fix from another receiver; each is told once, oldest first."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from domain import telemetry
from gateway import fields

WAIT_S = 0.3
"""How long an epoch waits for the receivers that usually have it too."""

_SAME = dt.timedelta(milliseconds=fields.SAME_EPOCH_MS)
_BETTER = 1.25  # a smaller step in HDOP is one satellite's rise: no reason to hop from one antenna to the other


@dataclass(slots=True)
class Pending:
    """An epoch with the best fix so far."""

    best: telemetry.Fix
    since_s: float  #: on the running clock
    is_of_lead: bool  #: the lead has it


class EpochChoice:
    """Gathers the fixes of each epoch."""

    def __init__(self) -> None:
        self._pending: list[Pending] = []
        self._last_told: dt.datetime | None = None

    def forget(self) -> None:
        """The clock of the lead was set back: what was told says nothing about what comes."""
        self._last_told = None

    def enter(self, fix: telemetry.Fix, *, is_of_lead: bool, mono_s: float) -> bool:
        """Take a fix in; False where its epoch was told, or has a fix that is as good."""
        if self._last_told is not None and fix.time <= self._last_told + _SAME:
            return False
        for epoch in self._pending:
            if are_one(epoch.best.time, fix.time):
                return _join(epoch, fix, is_of_lead=is_of_lead)
        self._pending.append(Pending(fix, mono_s, is_of_lead))
        self._pending.sort(key=lambda epoch: epoch.best.time)
        return True

    def due(self, *, cycle_s: float, is_complete: Callable[[dt.datetime], bool], mono_s: float) -> list[telemetry.Fix]:
        """The fixes of the epochs that wait for nobody any longer.

        Args:
            cycle_s: between two epochs of the lead.
            is_complete: tells whether nobody will add to an epoch.
            mono_s: now.
        """
        decided = []
        while self._pending:
            first = self._pending[0]
            time = first.best.time
            if mono_s - first.since_s < WAIT_S and not is_complete(time):
                break
            del self._pending[0]
            if first.is_of_lead or self._fills_a_gap(time, cycle_s):
                self._last_told = time
                decided.append(first.best)
        return decided

    def _fills_a_gap(self, time: dt.datetime, cycle_s: float) -> bool:
        """Tell whether the lead has left this instant out; a receiver of another phase would only zigzag beside it."""
        near = [epoch.best.time for epoch in self._pending if epoch.is_of_lead]
        if self._last_told is not None:
            near.append(self._last_told)
        return all(abs((time - other).total_seconds()) >= cycle_s for other in near)


def are_one(time: dt.datetime, other: dt.datetime) -> bool:
    """Tell whether two receivers' stamps mean one epoch."""
    return abs(time - other) <= _SAME


def _join(epoch: Pending, fix: telemetry.Fix, *, is_of_lead: bool) -> bool:
    # The lead's own is only beaten by a better one; and it beats what is not better than it.
    is_better = not _is_better(epoch.best, fix) if is_of_lead else _is_better(fix, epoch.best)
    epoch.is_of_lead |= is_of_lead
    if is_better:
        epoch.best = fix
    return is_better


def _is_better(fix: telemetry.Fix, than: telemetry.Fix) -> bool:
    if fix.mode != than.mode:
        return fix.mode > than.mode
    return telemetry.ranked_hdop(fix) * _BETTER <= telemetry.ranked_hdop(than)

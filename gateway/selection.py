"""Several receivers back each other up: the best fix of each epoch is used, and one of them leads.

The lead gives the beat: its epochs are those that are told, by whichever receiver has the best fix of each. Where it misses
one, the others fill in; where it falls silent or is clearly worse for a while, another leads.
"""

import datetime as dt
import logging
from dataclasses import dataclass
from enum import StrEnum

from domain import telemetry
from gateway import epoch_choice

_log = logging.getLogger(__name__)

SILENCE_S = 2.5
_BETTER_TIMES = 5
_MUCH_BETTER = 2.0  # an HDOP half as large
_STEP_S = 10.0  # another receiver's time so far behind is another clock, not a latecomer
_OF_CYCLE = 0.9  # receivers' stamps and steps are a little uneven
_SLOWEST_CYCLE_S = 1.0


class Role(StrEnum):
    """What a receiver is beside the others."""

    LEAD = "lead"
    BACKUP = "backup"
    NO_FIX = "no fix"


@dataclass(frozen=True, slots=True)
class LastFix:
    """The newest fix that was taken, and when on the running clock."""

    fix: telemetry.Fix
    mono_s: float


@dataclass(slots=True)
class _Heard:
    """The newest fix of one receiver, taken or not."""

    fix: telemetry.Fix
    mono_s: float
    cycle_s: float = _SLOWEST_CYCLE_S
    better_times: int = 0

    def renew(self, fix: telemetry.Fix, mono_s: float) -> None:
        step_s = (fix.time - self.fix.time).total_seconds()
        if step_s > 0:
            self.cycle_s = min(step_s, _SLOWEST_CYCLE_S)
        self.fix, self.mono_s = fix, mono_s

    def is_quiet(self, mono_s: float) -> bool:
        return mono_s - self.mono_s > SILENCE_S

    def has_passed(self, time: dt.datetime) -> bool:
        """Tell whether it has nothing to add to an epoch: it told this one, or its own next one is later."""
        return (
            self.fix.time >= time
            or epoch_choice.are_one(self.fix.time, time)
            or (time - self.fix.time).total_seconds() < self.cycle_s * _OF_CYCLE
        )


class Selection:
    """Takes the fixes of all receivers, so that an instant is told once, and well."""

    def __init__(self) -> None:
        self.lead: str | None = None
        self.last: LastFix | None = None
        self._heard: dict[str, _Heard] = {}
        self._epochs = epoch_choice.EpochChoice()

    def offer(self, receiver: str, fix: telemetry.Fix, *, mono_s: float) -> list[telemetry.Fix]:
        """The fixes that are decided now that this one has come, oldest first."""
        heard = self._heard.get(receiver)
        is_set_back = heard is not None and fix.time <= heard.fix.time
        if heard is None:
            heard = self._heard[receiver] = _Heard(fix, mono_s)
        else:
            heard.renew(fix, mono_s)
        if self._takes_over(receiver, heard, mono_s):
            is_set_back |= self._become_lead(receiver, heard, mono_s)
        is_lead = receiver == self.lead
        if is_lead and is_set_back:
            self._epochs.forget()
        if (is_lead or self._keeps_step(heard)) and self._epochs.enter(fix, is_of_lead=is_lead, mono_s=mono_s):
            self.last = LastFix(fix, mono_s)
        return self.due(mono_s=mono_s)

    def due(self, *, mono_s: float) -> list[telemetry.Fix]:
        """The fixes that wait for no receiver any longer, oldest first."""
        if self.lead is None:
            return []
        live = [each for each in self._heard.values() if not each.is_quiet(mono_s) and self._keeps_step(each)]
        return self._epochs.due(
            cycle_s=self._heard[self.lead].cycle_s * _OF_CYCLE,
            is_complete=lambda time: all(each.has_passed(time) for each in live),
            mono_s=mono_s,
        )

    def role(self, receiver: str, *, mono_s: float) -> Role | None:
        """What a receiver is; None for a line that never had a fix."""
        heard = self._heard.get(receiver)
        if heard is None:
            return None
        if heard.is_quiet(mono_s):
            return Role.NO_FIX
        return Role.LEAD if receiver == self.lead else Role.BACKUP

    def _takes_over(self, receiver: str, heard: _Heard, mono_s: float) -> bool:
        if self.lead is None:
            return True
        lead = self._heard[self.lead]
        if receiver == self.lead:
            return False
        heard.better_times = heard.better_times + 1 if _is_clearly_better(heard.fix, lead.fix) else 0
        return lead.is_quiet(mono_s) or heard.better_times >= _BETTER_TIMES

    def _become_lead(self, receiver: str, heard: _Heard, mono_s: float) -> bool:
        """Let a receiver lead; tell whether its clock is far behind the one before."""
        before, self.lead = self.lead, receiver
        for each in self._heard.values():
            each.better_times = 0
        if before is None:
            return False
        old = self._heard[before]
        if old.is_quiet(mono_s):
            _log.warning(
                "receiver %s leads: %s has had no fix for %.1f s", receiver, before, mono_s - old.mono_s
            )  # fmt: skip
        else:
            _log.info("receiver %s leads: its fixes are clearly better than those of %s", receiver, before)
        return (heard.fix.time - old.fix.time).total_seconds() < -_STEP_S

    def _keeps_step(self, heard: _Heard) -> bool:
        """Tell whether a receiver's time agrees with the lead's: the fixes of one whose date is wrong belong to no epoch."""
        lead = self._heard[self.lead or ""]
        apart_s = (heard.fix.time - lead.fix.time).total_seconds() - (heard.mono_s - lead.mono_s)
        return abs(apart_s) <= SILENCE_S


def _is_clearly_better(fix: telemetry.Fix, than: telemetry.Fix) -> bool:
    if fix.mode != than.mode:
        return fix.mode > than.mode
    return fix.hdop is not None and than.hdop is not None and fix.hdop * _MUCH_BETTER <= than.hdop

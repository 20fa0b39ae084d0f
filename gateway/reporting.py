"""Picks the fixes to send out of all that were read."""

import dataclasses

from domain import telemetry
from gateway import reporting_rules
from gateway.reporting_rules import Reason

_BENDS = (Reason.TURN, Reason.SPEED)


class Reporting:
    """Remembers what was sent last, and the newest fix that was not."""

    def __init__(self, rules: reporting_rules.Rules) -> None:
        self.rules = rules
        self._last: telemetry.Fix | None = None
        self._held: telemetry.Fix | None = None

    def set_interval(self, interval_s: float) -> None:
        """Change how often a fix is sent; the other rules stay."""
        self.rules = dataclasses.replace(self.rules, interval_s=interval_s)

    def pick(self, fix: telemetry.Fix, *, in_alert: bool) -> list[telemetry.Fix]:
        """What is to be sent now that this fix has come, oldest first.

        Where the way bends the fix before goes as well: the bend is between the two.
        """
        reason = reporting_rules.due(self._last, fix, self.rules, in_alert=in_alert)
        if reason is None:
            self._held = fix
            return []
        before, self._held, self._last = self._held, None, fix
        return [before, fix] if before is not None and reason in _BENDS else [fix]

    def newest(self) -> telemetry.Fix | None:
        """Take the newest fix, if it was not sent, to send it now."""
        held, self._held = self._held, None
        self._last = held or self._last
        return held

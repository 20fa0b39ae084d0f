"""Orders from the server, each answered with its id."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from domain.wire import control
from gateway import reporting

_log = logging.getLogger(__name__)


class Commands:
    """Carries out what a device can be told.

    Args:
        reports: whose interval can be set.
        locate: sends the newest fix at once and tells its age in seconds, None where there is none.
        describe: who this is, in words.
    """

    def __init__(
        self, *, reports: reporting.Reporting, locate: Callable[[], float | None], describe: Callable[[], str]
    ) -> None:
        self._reports = reports
        self._locate = locate
        self._describe = describe

    def carry_out(self, command: control.Command) -> control.Reply:
        """Do it, or say why not."""
        _log.info("command %s", command.name, extra={"command": command.id})
        match command.name:
            case control.CommandName.INTERVAL:
                ok, detail = self._set_interval(command.arguments)
            case control.CommandName.LOCATE:
                age_s = self._locate()
                ok = age_s is not None
                detail = "there has been no fix yet" if age_s is None else f"sent; the fix is {age_s:.1f} s old"
            case control.CommandName.IDENTIFY:
                ok, detail = True, self._describe()
            case _:
                ok, detail = False, "not supported yet"
        return control.Reply(id=command.id, ok=ok, detail=detail)

    def _set_interval(self, arguments: Mapping[str, Any]) -> tuple[bool, str]:
        seconds = arguments.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            seconds = math.nan
        if not 0 <= seconds <= reporting.LONGEST_INTERVAL_S:
            return False, f"seconds must be a number from 0 to {reporting.LONGEST_INTERVAL_S:.0f}"
        self._reports.interval_s = float(seconds)
        return True, f"a fix every {seconds} s" if seconds else "every fix"

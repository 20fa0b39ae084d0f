"""Orders from the server, each answered with its id and carried out once."""

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from domain.wire import control
from gateway import answered, reporting, reporting_rules

_log = logging.getLogger(__name__)

Arguments = Mapping[str, Any]
Outcome = tuple[bool, str]


class Commands:
    """Carries out what a device can be told.

    Args:
        past: what was answered before.
        reports: whose interval can be set.
        locate: sends the newest fix at once and tells its age in seconds, None where there is none.
        upload: sends a part of the last hour.
        describe: who this is, in words.
    """

    def __init__(
        self,
        *,
        past: answered.Answered,
        reports: reporting.Reporting,
        locate: Callable[[], float | None],
        upload: Callable[[Arguments], Outcome],
        describe: Callable[[], str],
    ) -> None:
        self._past = past
        self._reports = reports
        self._locate = locate
        self._describe = describe
        self._acts: Mapping[control.CommandName, Callable[[Arguments], Outcome]] = {
            control.CommandName.INTERVAL: self._interval,
            control.CommandName.LOCATE: self._locate_now,
            control.CommandName.UPLOAD: upload,
            control.CommandName.RESTART: self._restart,
            control.CommandName.IDENTIFY: lambda _arguments: (True, self._describe()),
        }
        self.restart_is_asked = False  #: to be done after the answer has gone

    def answer(self, payload: bytes) -> control.Reply:
        """Do what a message of the `command` topic says, or say why not; one that came before gets its answer again.

        Raises:
            WireError: it has no id that could be answered.
        """
        try:
            command = control.decode_command(payload)
        except control.CommandRefusedError as error:
            _log.warning("a command is not understood: %s", error, extra={"command": error.command_id})
            return control.Reply(id=error.command_id, ok=False, detail=str(error))
        before = self._past.find(command.id)
        if before is not None:
            _log.info("command %s came again", command.name, extra={"command": command.id})
            return before
        _log.info("command %s", command.name, extra={"command": command.id})
        ok, detail = self._acts[command.name](command.arguments)
        reply = control.Reply(id=command.id, ok=ok, detail=detail)
        self._past.add(reply)
        self._past.save()
        return reply

    def _interval(self, arguments: Arguments) -> Outcome:
        seconds = arguments.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            seconds = math.nan
        if not 0 <= seconds <= reporting_rules.LONGEST_INTERVAL_S:
            return False, f"seconds must be a number from 0 to {reporting_rules.LONGEST_INTERVAL_S:.0f}"
        self._reports.set_interval(float(seconds))
        return True, f"a fix every {seconds} s" if seconds else "every fix"

    def _locate_now(self, _arguments: Arguments) -> Outcome:
        age_s = self._locate()
        return (
            age_s is not None,
            "there has been no fix yet" if age_s is None else f"sent; the fix is {age_s:.1f} s old",
        )

    def _restart(self, _arguments: Arguments) -> Outcome:
        self.restart_is_asked = True
        return True, "restarting"

"""One server process: started into a log file, waited for, stopped in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stack import account, errors

_POLL_S = 0.05
_LOG_LINES = 15
#: A longer log is put aside at the next start; one old log is kept.
_LOG_BYTES = 20_000_000


class Server:
    """A child process with a log file. Its own session keeps the terminal's Ctrl-C for the supervisor alone."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server.

        Raises:
            ServerFailedError: it isn't running.
        """
        if self._process is None or not self.is_running():
            raise errors.ServerFailedError(f"{self.name} is not running")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the last run ended; None while it runs or before it ever did."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, command: Sequence[str], *, env: dict[str, str], rights: account.PopenRights) -> None:
        """Start the process; its output is added to the log, which only we can read."""
        self._turn_log()
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            self._process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **rights,
            )

    def wait_until(self, ready: Callable[[], bool], *, limit_s: float) -> None:
        """Wait for the server to answer.

        Raises:
            ServerFailedError: it died or didn't answer in time; the message ends with the log's last lines.
        """
        deadline = time.monotonic() + limit_s
        while not ready():
            if not self.is_running():
                raise errors.ServerFailedError(self._told(f"{self.name} ended with code {self.exit_code}"))
            if time.monotonic() > deadline:
                raise errors.ServerFailedError(self._told(f"{self.name} didn't answer within {limit_s:g} s"))
            time.sleep(_POLL_S)

    def stop(self, how: signal.Signals, *, limit_s: float, by_force: signal.Signals = signal.SIGKILL) -> None:
        """Ask the process to end and wait for it; past the limit end it by force. Harmless when it has ended."""
        if self._process is None:
            return
        for sign in (how, by_force, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(sign)
            try:
                self._process.wait(limit_s)
            except subprocess.TimeoutExpired:
                continue
            return

    def kill(self) -> None:
        """End the process and what it has started without warning, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def signal(self, what: signal.Signals) -> None:
        """Send a signal to the running process."""
        os.kill(self.pid, what)

    def _turn_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_name(f"{self.log.name}.1"))

    def _told(self, problem: str) -> str:
        return f"{problem}. The end of {self.log}:\n{tail(self.log)}"


def tail(log: Path, lines: int = _LOG_LINES) -> str:
    """Return the last lines of a log file, or say that it is empty."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(nothing written)"

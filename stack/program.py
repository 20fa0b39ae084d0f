"""One of our own commands as a child: a task that runs once, or a service."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import processes, server, settings

_STOP_LIMIT_S = 30.0
#: Carries the data folder, so that a child whose supervisor was killed is known as ours.
_MARK = "DRIVEOPS_STACK"


def mark(folder: Path) -> dict[str, str]:
    """Return the environment variable by which a process, and what it starts, is known as a stack's own."""
    return {_MARK: str(folder)}


def is_marked(pid: int, folder: Path) -> bool:
    """Tell whether a process was started by a stack's supervisor or by one of its commands."""
    return f"{_MARK}={folder}" in processes.environment(pid)


@dataclass(kw_only=True, slots=True)
class Program:
    """`python -m …` of this checkout with an environment of its own on top of ours.

    Args:
        ready: tells by the process's number whether a service does its work.
    """

    name: str
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path
    once: bool = False
    start_limit_s: float = 60.0
    ready: Callable[[int], bool] = lambda _pid: True
    stop_signal: signal.Signals = signal.SIGTERM
    process: server.Server = field(init=False)
    port: int = 0

    def __post_init__(self) -> None:
        self.process = server.Server(self.name, self.folder / f"{self.name}.log")

    def launch(self) -> None:
        """Start the command without waiting for it."""
        env = os.environ | self.env | mark(self.folder) | {"PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", *self.arguments]
        self.process.start(command, env=dict(env), rights={"cwd": str(settings.CHECKOUT)})

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self.process.is_running()

    def is_ready(self) -> bool:
        """Tell whether it does its work."""
        return self.is_running() and self.ready(self.process.pid)

    @property
    def exit_code(self) -> int | None:
        """How the last run ended."""
        return self.process.exit_code

    def stop(self) -> None:
        """Ask it to end and wait."""
        self.process.stop(self.stop_signal, limit_s=_STOP_LIMIT_S)

    def owns(self, pid: int) -> bool:
        """Tell whether a process is this command of this stack, whoever started it."""
        return is_marked(pid, self.folder) and processes.command(pid)[-len(self.arguments) :] == self.arguments

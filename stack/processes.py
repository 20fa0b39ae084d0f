"""Processes of this machine, told apart beyond their numbers, which the kernel gives out again."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_POLL_S = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One process for ever: its number, when it started, and in which run of the machine."""

    pid: int
    started_ticks: int
    boot: str

    def is_alive(self) -> bool:
        """Tell whether just this process still lives."""
        return of(self.pid) == self


def of(pid: int) -> Identity | None:
    """Identify a living process; None where there is none, or only its exit code is left."""
    try:
        # The command in parentheses may hold anything, so the fields are counted from behind it.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else Identity(pid=pid, started_ticks=int(fields[19]), boot=boot)


def command(pid: int) -> tuple[str, ...]:
    """Return a process's arguments; empty where they can't be read or it has gone."""
    return _strings(pid, "cmdline")


def environment(pid: int) -> tuple[str, ...]:
    """Return the environment that a process was started with, as NAME=value; empty where we may not read it."""
    return _strings(pid, "environ")


def find(matches: Callable[[int], bool]) -> list[Identity]:
    """Return the living processes that match, oldest first; never this one."""
    found = [of(pid) for pid in _pids() if pid != os.getpid() and matches(pid)]
    return sorted((process for process in found if process), key=lambda process: (process.started_ticks, process.pid))


def parent(pid: int) -> int | None:
    """Return the number of a process's parent; None where it has gone."""
    try:
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def children(pid: int) -> list[Identity]:
    """Return the direct children of a process."""
    return find(lambda candidate: parent(candidate) == pid)


def end(process: Identity, how: signal.Signals, *, limit_s: float) -> bool:
    """Ask a process that isn't our child to end, then by force past the limit; tell whether force was needed."""
    for sign in (how, signal.SIGKILL):
        if not process.is_alive():
            return False
        try:
            os.kill(process.pid, sign)
        except ProcessLookupError:
            return False
        if wait_gone(process, limit_s=limit_s):
            return sign is signal.SIGKILL
    return True


def wait_gone(process: Identity, *, limit_s: float) -> bool:
    """Wait until a process has ended; False if it is still there at the limit."""
    deadline = time.monotonic() + limit_s
    while process.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())


def _strings(pid: int, name: str) -> tuple[str, ...]:
    try:
        raw = (_PROC / str(pid) / name).read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ()
    return tuple(part.decode(errors="replace") for part in raw.split(b"\0") if part)

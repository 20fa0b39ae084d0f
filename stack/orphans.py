"""What a supervisor that was killed has left behind, found by its own commands and stopped in order."""

import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from stack import children, processes, program

_LIMIT_S = 30.0


def stop(found_in: Iterable[children.Child], say: Callable[[str], None]) -> None:
    """Stop what still runs of these children, last started first."""
    for child in reversed(list(found_in)):
        left = processes.find(child.owns)
        # A session that PostgreSQL has just forked still bears its parent's command.
        numbers = {process.pid for process in left}
        for process in left:
            if processes.parent(process.pid) in numbers:
                continue
            say(f"{child.name} (process {process.pid}) is left from a supervisor that was killed; stopping it")
            if processes.end(process, child.stop_signal, limit_s=_LIMIT_S):
                say(f"{child.name} didn't stop within {_LIMIT_S:g} s and was killed")


def stop_companions(folder: Path, say: Callable[[str], None]) -> None:
    """When all children are down, stop what other commands have started: the demo its fleet, the fleet its gateways."""
    for process in processes.find(lambda pid: program.is_marked(pid, folder)):
        if process.is_alive():
            say(f"stopping process {process.pid}: {' '.join(processes.command(process.pid)[-4:])}")
            processes.end(process, signal.SIGTERM, limit_s=_LIMIT_S)

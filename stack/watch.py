"""What happens to one child over its life: started, watched, started again after a crash, each time a little later."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from stack import server

#: A child that has run for so long gets a new chance at the shortest wait.
RAN_WELL_S = 60.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0


class Phase(StrEnum):
    """Where a child is."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing off"
    DONE = "done"  # a task that runs once, and did
    FAILED = "failed"  # couldn't be brought up at all


class Child(Protocol):
    """A process that can be started, looked at and stopped."""

    name: str
    port: int  #: 0: it listens on none
    process: server.Server
    once: bool  #: it is a task: its clean end is success
    start_limit_s: float

    def launch(self) -> None:
        """Start the process; don't wait."""

    def is_running(self) -> bool:
        """Tell whether the process lives."""

    def is_ready(self) -> bool:
        """Tell whether it does its work."""

    @property
    def exit_code(self) -> int | None:
        """How it ended."""

    def stop(self) -> None:
        """End it in order."""


@dataclass(slots=True)
class Watch:
    """One child under supervision. `tick` moves it on by what is seen now and says what a person should know."""

    child: Child
    phase: Phase = Phase.IDLE
    restarts: int = 0
    crashes_in_a_row: int = 0
    since_s: float = 0.0
    due_s: float = 0.0

    def launch(self, now_s: float) -> str | None:
        """Start the child."""
        self.child.launch()
        self._enter(Phase.STARTING, now_s)
        return None

    def tick(self, now_s: float) -> str | None:
        """Look at the child and act; return a sentence if something happened."""
        act = _ACTS.get(self.phase)
        return act(self, now_s) if act else None

    def _starting(self, now_s: float) -> str | None:
        child = self.child
        if not child.is_running():
            if child.once and child.exit_code == 0:
                self._enter(Phase.DONE, now_s)
                return f"{child.name} is done"
            return self._crashed(now_s)
        if not child.once and child.is_ready():
            self._enter(Phase.RUNNING, now_s)
            return f"{child.name} is up" + (" again" if self.restarts else "")
        if now_s - self.since_s > child.start_limit_s:
            child.stop()
            self._wait_or_fail(now_s)
            return f"{child.name} didn't answer within {child.start_limit_s:g} s" + self._and_now(now_s)
        return None

    def _running(self, now_s: float) -> str | None:
        if self.child.is_running():
            if now_s - self.since_s > RAN_WELL_S:
                self.crashes_in_a_row = 0
            return None
        return self._crashed(now_s)

    def _backing_off(self, now_s: float) -> str | None:
        if now_s < self.due_s:
            return None
        self.restarts += 1
        return self.launch(now_s)

    def _crashed(self, now_s: float) -> str:
        self._wait_or_fail(now_s)
        return f"{self.child.name} ended with code {self.child.exit_code}" + self._and_now(now_s)

    def _wait_or_fail(self, now_s: float) -> None:
        # What has never been up is no crash but a mistake in the set-up, which no repetition mends.
        never_up = self.phase is Phase.STARTING and self.restarts == 0
        if never_up:
            self._enter(Phase.FAILED, now_s)
            return
        self.crashes_in_a_row += 1
        self.due_s = now_s + back_off_s(self.crashes_in_a_row)
        self._enter(Phase.BACKING_OFF, now_s)

    def _and_now(self, now_s: float) -> str:
        return f"; it is started again in {self.due_s - now_s:g} s" if self.phase is Phase.BACKING_OFF else ""

    def _enter(self, phase: Phase, now_s: float) -> None:
        self.phase, self.since_s = phase, now_s


_ACTS: dict[Phase, Callable[[Watch, float], str | None]] = {
    Phase.STARTING: Watch._starting,  # noqa: SLF001 (the table of this module's own machine)
    Phase.RUNNING: Watch._running,  # noqa: SLF001
    Phase.BACKING_OFF: Watch._backing_off,  # noqa: SLF001
}


def back_off_s(crashes: int) -> float:
    """Return how long to wait after so many crashes in a row: 1, 2, 4 … 60 s.

    >>> [back_off_s(n) for n in (1, 2, 3, 7, 1000)]
    [1.0, 2.0, 4.0, 60.0, 60.0]
    """
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(crashes - 1, 10))

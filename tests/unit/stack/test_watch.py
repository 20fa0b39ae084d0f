from dataclasses import dataclass
from pathlib import Path

import pytest

from stack import server, watch
from stack.watch import Phase


@dataclass
class Script:
    """A child that does what the test says next."""

    name: str = "server"
    port: int = 0
    once: bool = False
    start_limit_s: float = 10.0
    process: server.Server = server.Server("server", Path("/nonexistent.log"))  # noqa: RUF009 (never started)
    running: bool = False
    ready: bool = False
    exit_code: int | None = None
    launches: int = 0

    def launch(self) -> None:
        self.launches += 1
        self.running, self.ready, self.exit_code = True, False, None

    def is_running(self) -> bool:
        return self.running

    def is_ready(self) -> bool:
        return self.ready

    def stop(self) -> None:
        self.running = False

    def crash(self, code: int = 1) -> None:
        self.running, self.exit_code = False, code


@pytest.fixture
def child() -> Script:
    return Script()


@pytest.fixture
def up(child: Script) -> watch.Watch:
    """A watch whose child came up at 0 s."""
    made = watch.Watch(child)
    made.launch(0.0)
    child.ready = True
    assert made.tick(0.0) == "server is up"
    return made


def test_a_child_is_up_when_it_answers(child: Script) -> None:
    watched = watch.Watch(child)
    watched.launch(0.0)
    assert watched.tick(1.0) is None
    child.ready = True
    assert watched.tick(2.0) == "server is up"
    assert watched.phase is Phase.RUNNING


def test_a_crash_is_said_and_mended_after_a_second(child: Script, up: watch.Watch) -> None:
    child.crash(-9)
    assert up.tick(5.0) == "server ended with code -9; it is started again in 1 s"
    up.tick(5.9)
    assert child.launches == 1
    up.tick(6.0)
    assert child.launches == 2
    child.ready = True
    assert up.tick(6.5) == "server is up again"
    assert up.restarts == 1


def test_each_crash_in_a_row_waits_twice_as_long_up_to_a_minute(child: Script, up: watch.Watch) -> None:
    now_s, waits = 0.0, []
    for _ in range(9):
        child.crash()
        up.tick(now_s)
        waits.append(up.due_s - now_s)
        now_s = up.due_s
        up.tick(now_s)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_child_that_ran_well_starts_again_at_the_shortest_wait(child: Script, up: watch.Watch) -> None:
    up.crashes_in_a_row = 5
    up.tick(watch.RAN_WELL_S + 1)
    child.crash()
    up.tick(100.0)
    assert up.due_s == 101.0


def test_what_never_came_up_has_failed_for_good(child: Script) -> None:
    watched = watch.Watch(child)
    watched.launch(0.0)
    child.crash(2)
    assert watched.tick(1.0) == "server ended with code 2"
    assert watched.phase is Phase.FAILED
    assert watched.tick(1000.0) is None


def test_a_child_that_does_not_answer_in_time_is_stopped(child: Script) -> None:
    watched = watch.Watch(child)
    watched.launch(0.0)
    assert watched.tick(10.5) == "server didn't answer within 10 s"
    assert not child.running
    assert watched.phase is Phase.FAILED


def test_a_restart_that_does_not_answer_is_tried_again(child: Script, up: watch.Watch) -> None:
    child.crash()
    up.tick(0.0)
    up.tick(1.0)
    assert up.tick(12.0) == "server didn't answer within 10 s; it is started again in 2 s"
    assert up.phase is Phase.BACKING_OFF


def test_a_task_is_done_when_it_ends_well_and_has_failed_when_not() -> None:
    for code, phase in ((0, Phase.DONE), (1, Phase.FAILED)):
        task = Script(once=True, ready=True)
        watched = watch.Watch(task)
        watched.launch(0.0)
        task.ready = True
        assert watched.tick(1.0) is None, "a task that runs is not done"
        task.crash(code)
        assert watched.tick(2.0) is not None
        assert watched.phase is phase

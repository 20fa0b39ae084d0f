import threading

import pytest

from gateway import courier

_LIMIT_S = 10.0


class Desk:
    """Work that lies there until a step takes it; a step waits in the middle while the gate is shut."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.done: list[str] = []
        self.is_locked = False
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def step(self, *, now_s: float) -> float:
        assert now_s > 0.0
        if self.is_locked:
            raise RuntimeError("the desk is locked")
        self.done += self.waiting
        self.waiting = []
        self.begun.release()
        assert self.gate.wait(_LIMIT_S)
        return 600.0


@pytest.fixture
def desk() -> Desk:
    return Desk()


def started(desk: Desk) -> courier.Courier:
    made = courier.Courier(desk.step, name="papers")
    made.start()
    assert desk.begun.acquire(timeout=_LIMIT_S)
    return made


def test_a_ring_wakes_it(desk: Desk) -> None:
    runner = started(desk)

    desk.waiting = ["a letter"]
    runner.ring()

    assert desk.begun.acquire(timeout=_LIMIT_S)
    assert desk.done == ["a letter"]
    runner.stop()


def test_what_nobody_has_rung_for_is_done_in_a_last_step_when_it_is_stopped(desk: Desk) -> None:
    runner = started(desk)
    desk.waiting = ["a letter"]

    runner.stop()

    assert desk.done == ["a letter"]
    assert not runner.is_running


def test_what_came_during_the_step_in_hand_is_done_before_it_ends(desk: Desk) -> None:
    desk.gate.clear()
    runner = started(desk)
    desk.waiting = ["a letter"]
    stopping = threading.Thread(target=runner.stop)
    stopping.start()

    desk.gate.set()
    stopping.join(_LIMIT_S)

    assert desk.done == ["a letter"]
    assert not runner.is_running


def test_a_last_step_that_stumbles_is_logged_and_ends_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    runner = started(desk)
    desk.is_locked = True

    runner.stop()

    assert not runner.is_running
    assert "the courier of papers stumbled" in caplog.text

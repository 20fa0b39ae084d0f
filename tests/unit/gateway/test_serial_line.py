import os
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import port_settings, serial_line


@pytest.fixture
def device() -> Iterator[str]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def fails_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The system refuses the first setting of a terminal."""
    real = termios.tcsetattr
    errors = [error]

    def tcsetattr(*arguments: Any) -> None:
        if errors:
            raise errors.pop()
        real(*arguments)

    monkeypatch.setattr(termios, "tcsetattr", tcsetattr)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (termios.error(5, "Input/output error"), "cannot be read: Input/output error"),
        (ValueError("Failed to set custom baud rate (1234)"), "cannot be read: Failed to set custom baud rate (1234)"),
    ],
)
def test_whatever_goes_wrong_while_a_port_is_opened_is_said(
    device: str, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    fails_once(monkeypatch, error)

    assert serial_line.problem_of(port_settings.Port(name="gps", device=device)) == said


def test_a_line_whose_port_refuses_its_settings_is_tried_again(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_once(monkeypatch, termios.error(5, "Input/output error"))
    line = serial_line.SerialLine(port_settings.Port(name="gps", device=device), hear=lambda _: None, rest=lambda: None)

    line.start()
    deadline_s = time.monotonic() + 10.0
    while line.state is not serial_line.LineState.OPEN and line.is_running and time.monotonic() < deadline_s:
        time.sleep(0.01)
    state = line.state
    line.stop()

    assert state is serial_line.LineState.OPEN


def test_a_device_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    problem = serial_line.problem_of(port_settings.Port(name="gps", device=f"{tmp_path}/\0"))

    assert problem is not None

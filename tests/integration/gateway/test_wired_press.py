"""A button wired to a control line, from its contact to the server; only the kernel's answer about the lines is a test's."""

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.wire import control
from gateway import wired_button
from gateway.port_settings import Pin
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

CTS = wired_button.PIN_BITS[Pin.CTS]
BUTTON = '[[button]]\nport = "line0"\npin = "cts"\nfob = "door"\n'


class Door:
    """The button's contact."""

    def __init__(self, folder: Path) -> None:
        self.bits = folder / "bits"
        self.release()

    def press(self) -> None:
        self._put(CTS)

    def release(self) -> None:
        self._put(0)

    def _put(self, bits: int) -> None:
        fresh = self.bits.with_suffix(".new")
        fresh.write_text(str(bits))
        fresh.replace(self.bits)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


@pytest.fixture
def wired(broker: RunningBroker, line: ends.Line, door: Door, tmp_path: Path) -> Iterator[ends.Box]:
    """A gateway with a receiver and a button on one port, not yet started."""
    settings = ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line, more=BUTTON)
    inside = [sys.executable, "-m", "tests.integration.gateway.wired_lines", str(door.bits)]
    box = ends.Box(tmp_path, settings, inside=inside)
    yield box
    box.kill()


def ready(box: ends.Box, starts: int = 1) -> None:
    """It runs, and has seen the button released."""
    box.start()
    box.says("is open at", starts)
    eventually(lambda: "fob       door: heard" in box.status().stdout, "the button is watched")


def kinds(server: ends.Server) -> list[str]:
    """What was pressed, each press once, in the order in which it was."""
    return [press["kind"] for press in sorted({p["seq"]: p for p in server.presses}.values(), key=lambda p: p["seq"])]


def test_a_wired_press_arrives_with_the_last_fix_and_what_it_becomes_follows(
    wired: ends.Box, line: ends.Line, door: Door, server: ends.Server
) -> None:
    ready(wired)
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")

    door.press()
    eventually(lambda: kinds(server) == ["press", "long"], "press and long press arrive")
    door.release()
    server.notify(control.AlertNotice(alert_id=uuid.uuid4(), state="acknowledged", fob="door"))
    wired.says("the alert of fob door is acknowledged; there is no lamp to tell it")

    press = server.presses[0]
    assert (press["fob"], press["clock"], press["fix"]["lat"]) == ("door", "gps", 48.858333333)
    assert "bat" not in press
    eventually(lambda: "backlog   0 rows" in wired.status().stdout, "both are acknowledged")
    assert line.told() == []
    assert wired.stop() == 0


def test_a_wired_press_without_a_network_outlives_kill_9_and_a_button_held_meanwhile_is_not_pressed_again(
    wired: ends.Box, door: Door, broker: RunningBroker
) -> None:
    broker.kill()
    ready(wired)
    door.press()
    eventually(lambda: "backlog   2 rows" in wired.status().stdout, "press and long press are kept")
    wired.kill()
    ready(wired, starts=2)
    broker.start()
    server = ends.Server(broker.port, broker.password("ingest"))

    eventually(lambda: "backlog   0 rows" in wired.status().stdout, "both are acknowledged")
    server.close()
    assert kinds(server) == ["press", "long"]
    assert [press["seq"] for press in server.presses] == sorted((p["seq"] for p in server.presses), reverse=True)
    assert server.presses[0]["fix"] is None

import logging

import pytest

from domain.telemetry import PressKind
from gateway import port_settings, wired_button
from gateway.port_settings import Pin


class ModemLines:
    """The ioctl's answer; a pseudo-terminal has no control lines."""

    bits: int | None = 0

    def modem_lines(self) -> int | None:
        return self.bits


class Wired:
    def __init__(self, pin: Pin = Pin.CTS, *, active_low: bool = False) -> None:
        self.levels = ModemLines()
        self.told: list[PressKind | None] = []
        self.button = wired_button.WiredButton(
            port_settings.Button(port="fobs", pin=pin, fob="door", active_low=active_low),
            self.levels,
            lambda _fob, kind: self.told.append(kind),
        )

    def look(self, bits: int | None, *at_s: float) -> None:
        self.levels.bits = bits
        for moment_s in at_s:
            self.button.look(moment_s)

    @property
    def presses(self) -> list[PressKind]:
        return [kind for kind in self.told if kind is not None]


@pytest.mark.parametrize("pin", list(Pin))
def test_only_its_own_pin_presses_a_button(pin: Pin) -> None:
    wired = Wired(pin)
    bit = wired_button.PIN_BITS[pin]
    wired.look(0, 0.0, 0.1)

    wired.look(0xFFF & ~bit, 1.0)
    before = list(wired.presses)
    wired.look(bit, 2.0)

    assert (before, wired.presses) == ([], [PressKind.PRESS])


def test_a_button_that_opens_its_circuit_is_pressed_when_the_line_falls() -> None:
    wired = Wired(active_low=True)
    wired.look(0x20, 0.0, 0.1)
    wired.look(0, 1.0)

    assert wired.presses == [PressKind.PRESS]


def test_a_port_that_goes_away_under_a_held_button_is_no_new_press_when_it_comes_back() -> None:
    wired = Wired()
    wired.look(0, 0.0, 0.1)
    wired.look(0x20, 1.0)
    wired.look(None, 1.1)
    away = wired.button.state
    wired.look(0x20, 5.0)

    assert (away, wired.button.state, wired.presses) == ("unreadable", "open", [PressKind.PRESS])


def test_a_stuck_line_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    wired = Wired()
    wired.look(0x20, 0.0, 31.0, 32.0)
    stuck = wired.button.state
    wired.look(0, 33.0, 33.1)

    assert (stuck, wired.button.state) == ("stuck", "open")
    assert [record.getMessage() for record in caplog.records] == [
        "button door is stuck: its line has been active for 30 s",
        "button door is free again",
    ]


def test_a_readable_button_is_told_as_alive_now_and_then() -> None:
    wired = Wired()
    wired.look(0, 0.0, 0.1, 0.4, 0.6)

    assert wired.told == [None, None]

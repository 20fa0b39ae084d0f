"""The wired buttons of a gateway, and the serial ports that only they use."""

import functools
from collections.abc import Callable, Mapping

from domain import telemetry
from gateway import configuration, port_settings, serial_line, wired_button

Tell = Callable[[str, telemetry.PressKind | None, serial_line.SerialLine], None]


class Wiring:
    """All of them.

    Args:
        settings: which.
        lines: the ports that receivers are on, by name.
        tell: called with fob, kind (None: alive) and line.
    """

    def __init__(
        self, settings: configuration.Configuration, lines: Mapping[str, serial_line.SerialLine], tell: Tell
    ) -> None:
        used = dict(lines)
        self._own: list[serial_line.SerialLine] = []
        self._buttons: list[wired_button.WiredButton] = []
        for button in settings.buttons:
            own = port_settings.own_port(button, settings.ports)
            if own is not None and button.port not in used:
                used[button.port] = serial_line.SerialLine(own, hear=lambda _: None, rest=lambda: None)
                self._own.append(used[button.port])
            line = used[button.port]
            self._buttons.append(wired_button.WiredButton(button, line, functools.partial(_told, tell, line)))

    def start(self) -> None:
        """Begin to read."""
        for line in self._own:
            line.start()
        for button in self._buttons:
            button.start()

    def stop(self) -> None:
        """Stop reading."""
        for button in self._buttons:
            button.stop()
        for line in self._own:
            line.stop()

    @property
    def is_running(self) -> bool:
        """All threads read or try to."""
        return all(line.is_running for line in self._own) and all(button.is_running for button in self._buttons)

    def states(self) -> dict[str, str]:
        """For the status, beside the ports."""
        return {f"button {each.fob}": each.state for each in self._buttons}


def _told(tell: Tell, line: serial_line.SerialLine, fob: str, kind: telemetry.PressKind | None) -> None:
    tell(fob, kind, line)

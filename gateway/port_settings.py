"""The ports and wired buttons of a configuration: `[[port]]` and `[[button]]`."""

import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.settings_table import SettingError, Table

GPSD_SCHEME, FILE_SCHEME, STANDARD_INPUT = "gpsd://", "file:", "-"
_DEFAULT_BAUD = 9_600
_AUTO_BAUD = "auto"
_LONGEST_CANCEL_S = 60.0
_GPSD_PORT = 2_947
_HIGHEST_BAUD = 4_000_000


class Pin(StrEnum):
    """The control lines that a serial port can read."""

    CTS = "cts"
    DSR = "dsr"
    DCD = "dcd"
    RI = "ri"


class PortKind(StrEnum):
    """What stands behind a port."""

    SERIAL = "serial"
    GPSD = "gpsd"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A line with a receiver, a panic-button receiver or both; or gpsd, or a file of what a receiver sent."""

    name: str
    device: str
    baud: int = _DEFAULT_BAUD
    seek_baud: bool = False  #: `baud` is where the search begins
    require_checksum: bool = True
    follow: bool = False  #: wait for more at a file's end

    @property
    def kind(self) -> PortKind:
        """By the device's scheme."""
        if self.device.startswith(GPSD_SCHEME):
            return PortKind.GPSD
        is_file = self.device == STANDARD_INPUT or self.device.startswith(FILE_SCHEME)
        return PortKind.FILE if is_file else PortKind.SERIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button wired to a control line of a serial port."""

    port: str  #: a port's name, or a device of its own
    pin: Pin
    fob: str
    active_low: bool = False
    cancel_s: float = 10.0  #: 0: a wired button cannot cancel


def port(table: Table) -> Port:
    """Read a `[[port]]`.

    Raises:
        SettingError: a key of it is wrong.
    """
    device = table.required("device", str)
    is_auto = table.content.get("baud") == _AUTO_BAUD
    if isinstance(table.content.get("baud"), str) and table.optional("baud", str) != _AUTO_BAUD:
        raise table.error("baud", f'must be a rate such as 9600, or "{_AUTO_BAUD}", not {table.content["baud"]!r}')
    return Port(
        name=table.optional("name", str) or Path(device).name,
        device=_device(table, device),
        baud=_DEFAULT_BAUD if is_auto else table.integer("baud", 50, _HIGHEST_BAUD, _DEFAULT_BAUD),
        seek_baud=is_auto,
        require_checksum=table.boolean("require_checksum", default=True),
        follow=table.boolean("follow", default=False),
    )


def _device(table: Table, device: str) -> str:
    if device.startswith(GPSD_SCHEME):
        try:
            gpsd_address(device)
        except ValueError:
            raise table.error("device", f"{device!r} is not gpsd://HOST[:PORT][/DEVICE]") from None
    if device.startswith(FILE_SCHEME):
        return f"{FILE_SCHEME}{table.path('device', device.removeprefix(FILE_SCHEME))}"
    return device


def gpsd_address(device: str) -> tuple[str, int, str | None]:
    """Host, TCP port and the device at gpsd (None: all of them) of `gpsd://host:port/device`.

    Raises:
        ValueError: it names no host or a wrong port.
    """
    parts = urllib.parse.urlsplit(device)
    if not parts.hostname:
        raise ValueError(device)
    return parts.hostname, parts.port or _GPSD_PORT, parts.path if len(parts.path) > 1 else None


def button(table: Table) -> Button:
    """Read a `[[button]]`.

    Raises:
        SettingError: a key of it is wrong.
    """
    pin = table.required("pin", str)
    if pin.lower() not in tuple(Pin):
        raise table.error("pin", f"must be one of {', '.join(Pin)}, not {pin!r}")
    return Button(
        port=table.required("port", str),
        pin=Pin(pin.lower()),
        fob=table.required("fob", str),
        active_low=table.boolean("active_low", default=False),
        cancel_s=table.number("cancel_s", 0.0, _LONGEST_CANCEL_S, 10.0),
    )


def own_port(button: Button, ports: tuple[Port, ...]) -> Port | None:
    """The serial port that only buttons use; None for a button on a receiver's port."""
    if any(port.name == button.port for port in ports):
        return None
    return Port(name=Path(button.port).name, device=button.port)


def contradictions(path: Path, ports: tuple[Port, ...], buttons: tuple[Button, ...]) -> list[SettingError]:
    """What each table allows and all of them together do not."""
    return [
        *(SettingError(f"{path}: port.{problem}") for problem in _doubles(ports)),
        *(
            SettingError(f"{path}: button[{number}].port: {problem}")
            for number, button in enumerate(buttons, 1)
            for problem in _misplaced(button, ports)
        ),
    ]


def _doubles(ports: tuple[Port, ...]) -> Iterator[str]:
    for key in ("name", "device"):
        values = [getattr(port, key) for port in ports]
        twice = dict.fromkeys(value for value in values if values.count(value) > 1)
        yield from (f"{key}: {value!r} stands there twice" for value in twice)


def _misplaced(button: Button, ports: tuple[Port, ...]) -> Iterator[str]:
    for port in ports:
        if button.port == port.name:
            if port.kind is not PortKind.SERIAL:
                yield f"{button.port!r} is no serial port: it has no control lines"
            return
        if button.port == port.device:
            yield f"name the port, {port.name!r}: a device is opened once"
            return
    if "/" not in button.port:
        names = ", ".join(port.name for port in ports) or "none"
        yield f"{button.port!r} is neither the name of a port (here: {names}) nor the path of a device"

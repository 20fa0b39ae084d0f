"""A name for a serial port that stays when ports are plugged in another order: udev's links in /dev/serial/by-id."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from gateway import port_settings

BY_ID = Path("/dev/serial/by-id")


def of(device: str, folder: Path = BY_ID) -> str | None:
    """The link in the folder that leads to a device; None if it is named by one already, or there is none."""
    given = Path(device)
    with contextlib.suppress(OSError, ValueError):  # no such folder, no such device, no such name: nothing to advise
        if given.parent == folder:
            return None
        target = given.resolve(strict=True)
        for link in sorted(folder.iterdir()):
            if link.resolve() == target:
                return str(link)
    return None


def advice(ports: Iterable[port_settings.Port], folder: Path = BY_ID) -> list[str]:
    """A line for each port whose name changes with the socket."""
    return [
        f"port {port.name}: name it {name}; {port.device} can be another one after the next start"
        for port in ports
        if (name := of(port.device, folder)) is not None
    ]

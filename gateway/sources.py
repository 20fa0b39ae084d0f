"""What a line can be opened on besides a serial port: gpsd's socket, a file, standard input."""

import io
import json
import os
import socket
import sys
from types import TracebackType
from typing import Protocol, Self

from gateway import port_settings

_CONNECT_S = 5.0


class EndedError(Exception):
    """A file has been read to its end; there is no more to come, and nothing is wrong."""


class Channel(Protocol):
    """An open line: its descriptor is read directly."""

    def fileno(self) -> int:
        """The descriptor."""

    def write(self, data: bytes, /) -> int | None:
        """Send something to the other end."""

    def close(self) -> None:
        """Let go of it."""

    def __enter__(self) -> Self:
        """It is closed at the end of a `with`."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close it."""


def gpsd(port: port_settings.Port) -> Channel:
    """Connect to gpsd and ask it for its reports in JSON (gpsd_json(5)).

    Raises:
        OSError: it doesn't answer.
    """
    host, number, device = port_settings.gpsd_address(port.device)
    watch = {"enable": True, "json": True} | ({} if device is None else {"device": device})
    with socket.create_connection((host, number), timeout=_CONNECT_S) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.sendall(f"?WATCH={json.dumps(watch)};\n".encode())
        connection.settimeout(None)
        return _wrapped(connection.detach(), "r+b")


def file(port: port_settings.Port) -> Channel:
    """Open a file, or a copy of standard input.

    Raises:
        OSError: it can't be read.
    """
    if port.device == port_settings.STANDARD_INPUT:
        return _wrapped(os.dup(sys.stdin.fileno()), "rb")
    return io.FileIO(port.device.removeprefix(port_settings.FILE_SCHEME), "rb")


def rewind_if_cut(descriptor: int) -> None:
    """Read a followed file from its start when it has become shorter: it was emptied and is written anew."""
    try:
        if os.lseek(descriptor, 0, os.SEEK_CUR) > os.fstat(descriptor).st_size:
            os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:
        return  # a pipe has no place to go back to


def is_replaced(descriptor: int, port: port_settings.Port) -> bool:
    """Tell whether another file has taken the place of the open one, as when a log is rotated."""
    if port.device == port_settings.STANDARD_INPUT:
        return False
    try:
        there = os.stat(port.device.removeprefix(port_settings.FILE_SCHEME))  # noqa: PTH116 - beside fstat
        return not os.path.samestat(there, os.fstat(descriptor))
    except OSError:
        return False  # none yet; what is open may still grow


def _wrapped(descriptor: int, mode: str) -> Channel:
    return io.FileIO(descriptor, mode)

"""One line (a serial port, gpsd's socket, a file), read in a thread of its own, opened again whenever it is there."""

import errno
import fcntl
import logging
import os
import random
import select
import sys
import termios
import threading
from collections.abc import Callable
from enum import StrEnum

import serial

from gateway import port_settings, sources

_log = logging.getLogger(__name__)

QUIET_S = 0.08
"""A pause of this length ends a burst of sentences: receivers write an epoch in one go."""

_GATHER_S = 0.005  # after the first byte, so that a burst is read in few pieces
_IDLE_S = 0.5
_FOLLOW_S = 0.2
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0
_MISSING = (errno.ENOENT, errno.ENXIO, errno.ENODEV)


class LineState(StrEnum):
    """How a port is."""

    OPENING = "opening"
    OPEN = "open"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNPLUGGED = "unplugged"
    ENDED = "ended"  # a file is read to its end


class SerialLine:
    """Reads a port and hands on what comes.

    Args:
        port: which.
        hear: called with the bytes.
        rest: called once in each pause after bytes.
    """

    def __init__(self, port: port_settings.Port, *, hear: Callable[[bytes], None], rest: Callable[[], None]) -> None:
        self.port = port
        self.state = LineState.OPENING
        self._hear = hear
        self._rest = rest
        self.baud = port.baud  #: what it is opened at
        self.openings = 0
        self._wanted_baud: int | None = None
        self._open_port: sources.Channel | None = None
        self._write_lock = threading.Lock()
        self._stopping = threading.Event()
        self._said: str | None = ""  # neither a problem nor none: nothing yet
        self._thread = threading.Thread(target=self._keep, name=f"line {port.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and close the port."""
        self._stopping.set()
        self._thread.join(timeout=2 * _IDLE_S)

    @property
    def is_running(self) -> bool:
        """The thread reads or tries to."""
        return self._thread.is_alive()

    def write(self, data: bytes) -> None:
        """Send something; on a line that is not open it is lost, and said so."""
        with self._write_lock:
            try:
                if self._open_port is not None:
                    self._open_port.write(data)
                    return
                reason = str(self.state)
            except (serial.SerialException, OSError) as error:
                reason = str(error)
        _log.warning("%s: cannot answer a fob (%s)", self.port.name, reason)

    def modem_lines(self) -> int | None:
        """The TIOCM bits of an open serial port; None where there are none to be read."""
        with self._write_lock:
            if self._open_port is None:
                return None
            try:
                bits: bytes = fcntl.ioctl(self._open_port.fileno(), termios.TIOCMGET, bytes(4))
            except OSError:
                return None
        return int.from_bytes(bits, sys.byteorder)

    def change_baud(self, baud: int) -> None:
        """Read at another rate from the next piece on."""
        self.baud = self._wanted_baud = baud

    def _keep(self) -> None:
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                port = opened(self.port, self.baud)
            except OSError as error:
                self._tell(*_trouble(self.port, error))
                self._stopping.wait(random.uniform(wait_s / 2, wait_s))  # noqa: S311 - ports of one hub apart
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                continue
            wait_s = _FIRST_WAIT_S
            self._tell(LineState.OPEN, None)
            try:
                self._use(port)
            except sources.EndedError:
                self._rest()
                self._tell(LineState.ENDED, None)
                self._stopping.wait()
            except OSError as error:
                self._tell(LineState.UNPLUGGED, f"was unplugged ({error.strerror or error})")
                self._stopping.wait(_FIRST_WAIT_S)

    def _use(self, port: sources.Channel) -> None:
        with port:
            with self._write_lock:
                self._open_port = port
            self.openings += 1
            try:
                self._read(port)
            finally:
                with self._write_lock:
                    self._open_port = None

    def _read(self, port: sources.Channel) -> None:
        is_resting = True
        descriptor = port.fileno()
        while not self._stopping.is_set():
            self._set_baud(port)
            ready, _, _ = select.select([descriptor], [], [], _IDLE_S if is_resting else QUIET_S)
            if ready:
                self._stopping.wait(_GATHER_S)
                self._hear(self._some(descriptor))
                is_resting = False
            elif not is_resting:
                self._rest()
                is_resting = True

    def _some(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, 4_096)
        except BlockingIOError:
            return b""
        if data:
            return data
        if self.port.kind is not port_settings.PortKind.FILE:
            raise OSError(errno.EIO, "the device went away")
        if not self.port.follow:
            raise sources.EndedError
        if sources.is_replaced(descriptor, self.port):
            if last := os.read(descriptor, 4_096):  # written between our look and its end
                return last
            raise OSError(errno.ESTALE, "another file is in its place")
        self._rest()
        self._stopping.wait(_FOLLOW_S)
        sources.rewind_if_cut(descriptor)
        return b""

    def _set_baud(self, port: sources.Channel) -> None:
        wanted, self._wanted_baud = self._wanted_baud, None
        if wanted is None or not isinstance(port, serial.Serial):
            return
        try:
            port.baudrate = wanted
            port.reset_input_buffer()
        except (termios.error, ValueError) as error:  # this rate is not for this port; the search goes on
            _log.info("port %s: %d baud cannot be set (%s)", self.port.name, wanted, error)

    def _tell(self, state: LineState, problem: str | None) -> None:
        self.state = state
        if problem == self._said:
            return
        self._said = problem
        if problem is None and self.port.kind is port_settings.PortKind.SERIAL:
            _log.info("port %s: %s is open at %d baud", self.port.name, self.port.device, self.baud)
        elif problem is None:
            _log.info("port %s: %s is open", self.port.name, self.port.device)
        else:
            _log.error("port %s: %s %s; trying again", self.port.name, self.port.device, problem)


def opened(port: port_settings.Port, baud: int) -> sources.Channel:
    """Open a port for us alone.

    Raises:
        OSError: it cannot be opened (pyserial's exception is one).
    """
    if port.kind is port_settings.PortKind.GPSD:
        return sources.gpsd(port)
    if port.kind is port_settings.PortKind.FILE:
        return sources.file(port)
    try:
        opened_port: sources.Channel = serial.Serial(port.device, baud, timeout=0, write_timeout=1, exclusive=True)
    except termios.error as error:  # a device that goes while it is set up; no OSError, but with its arguments
        raise OSError(*error.args) from error
    except (ValueError, OverflowError) as error:  # a rate or a name that the system does not take
        raise OSError(errno.EINVAL, str(error)) from error
    return opened_port


def problem_of(port: port_settings.Port) -> str | None:
    """Try a port once; what is wrong with it, or None."""
    try:
        opened(port, port.baud).close()
    except OSError as error:
        return _trouble(port, error)[1]
    return None


_DENIED = "cannot be read: permission denied (is the user in the group dialout?)"
_IN_USE = "is in use by another program"
_IN_WORDS = {
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EBUSY: _IN_USE,
    errno.EAGAIN: _IN_USE,
    errno.ENOTTY: f"is no serial line (a file is read as {port_settings.FILE_SCHEME}/path)",
}


def _trouble(port: port_settings.Port, error: OSError) -> tuple[LineState, str]:
    if port.kind is port_settings.PortKind.GPSD:
        return LineState.MISSING, f"does not answer ({error.strerror or error})"
    code = _code_of(error)
    if code in _MISSING or not os.path.exists(port.device):  # noqa: PTH110 - a link to nothing is missing too
        return LineState.MISSING, "is not there"
    if code in _IN_WORDS:
        return LineState.UNREADABLE, _IN_WORDS[code]
    if isinstance(error.__cause__, (ValueError, OverflowError)):
        return LineState.UNREADABLE, f"cannot be read: {error.strerror}"
    return LineState.UNREADABLE, f"cannot be read: {os.strerror(code) if code else error}"


def _code_of(error: OSError) -> int | None:
    if error.errno is not None:
        return error.errno
    # pyserial wraps what the terminal's calls raise (termios.error is no OSError) into a text.
    inner = error.__context__.args if error.__context__ is not None else ()
    return inner[0] if inner and isinstance(inner[0], int) else None

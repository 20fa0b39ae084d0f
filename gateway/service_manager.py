"""What a service manager is told: that the gateway is ready, that it lives, that it stops.

The protocol is sd_notify(3): datagrams of `KEY=value` lines to the socket that `$NOTIFY_SOCKET` names.
"""

import logging
import math
import os
import socket
from collections.abc import Mapping

_log = logging.getLogger(__name__)

_SHARE = 3  # a sign of life this many times within the watchdog's interval


class ServiceManager:
    """Speaks to systemd, or to nobody where there is none."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._every_s = _watchdog_s(environ) / _SHARE
        self._told_s = -math.inf
        self._is_ready = self._is_deaf = False

    def is_alive(self, *, mono_s: float) -> None:
        """Say READY the first time, and then as often as the watchdog wants to hear of us."""
        if not self._is_ready:
            self._is_ready = self._tell("READY=1\nWATCHDOG=1")  # not heard is not told: it would end us
            self._told_s = mono_s
        elif mono_s - self._told_s >= self._every_s:
            self._told_s = mono_s
            self._tell("WATCHDOG=1")

    def stops(self) -> None:
        """Say that the end is meant."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> bool:
        if not self._address:
            return True
        # A name that begins with @ is one of Linux' abstract ones, which begin with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.setblocking(False)
                line.sendto(words.encode(), address)
        except OSError as error:
            if not self._is_deaf:
                _log.warning("the service manager at %s does not hear us: %s", self._address, error.strerror)
            self._is_deaf = True
        else:
            self._is_deaf = False
        return not self._is_deaf


def _watchdog_s(environ: Mapping[str, str]) -> float:
    """Seconds of the watchdog's interval; infinite where it isn't for this process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf
    value = environ.get("WATCHDOG_USEC", "")
    return int(value) / 1e6 if value.isascii() and value.isdigit() and int(value) else math.inf

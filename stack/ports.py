"""Free ports for private servers."""

import random
import socket
from pathlib import Path

_LOWEST, _HIGHEST = 20_000, 32_000
_TRIES = 200


def free(preferred: int | None = None) -> int:
    """Return a port of the loopback address that nothing listens on, the preferred one if it is free.

    It lies below the range from which the kernel takes ports for outgoing connections: a server that is down for a
    moment, in a restart, doesn't find its port taken by some client.
    """
    if preferred is not None and is_free(preferred):
        return preferred
    highest = min(_HIGHEST, _first_outgoing() - 1)
    source = random.SystemRandom()
    for _ in range(_TRIES):
        port = source.randint(min(_LOWEST, highest - 1000), highest)
        if is_free(port):
            return port
    raise OSError("no free port found")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _first_outgoing() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return _HIGHEST + 1

"""The web server's uvicorn: what live sockets need of it, and of the sockets of the operating system below."""

import socket
from typing import Any

import uvicorn

from api import live_request

STUCK_LIMIT_S = 45.0
"""A browser that takes nothing for so long loses its connection: closing it in order would wait for it for ever."""
_STOP_LIMIT_S = 5
_MOST_SAID_BYTES = 2 * live_request.MOST_BYTES  #: by a page on its socket; what is over half of it is answered


def config(app: Any, *, host: str, port: int, **more: Any) -> uvicorn.Config:
    """How the application is served; `more` as uvicorn has it."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
        ws="websockets-sansio",
        ws_max_size=_MOST_SAID_BYTES,
        **more,
    )


def listen(choice: uvicorn.Config) -> socket.socket:
    """The socket to serve on. What it accepts inherits its limit, where the system knows one (Linux)."""
    made = choice.bind_socket()
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(STUCK_LIMIT_S * 1e3))
    return made

"""Where Prometheus fetches a gateway's figures: a file for node_exporter's textfile collector, or a port of our own."""

import contextlib
import http.server
import logging
import os
import socket
import socketserver
import threading
from pathlib import Path
from typing import Any

from gateway import health, metrics, operation_settings

_log = logging.getLogger(__name__)

_SLOWEST_READER_S = 2.0
_FILE_MODE = 0o644  # node_exporter is another user


class Outlet:
    """Publishes each report; trouble with it is said once and never keeps the gateway from its work."""

    def __init__(self, settings: operation_settings.Metrics) -> None:
        self._settings = settings
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._troubles: dict[str, str] = {}

    @property
    def is_wanted(self) -> bool:
        """The configuration names a place."""
        return self._settings != operation_settings.Metrics()

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens."""
        return None if self._server is None else self._server.server_address[:2]  # type: ignore[return-value]

    def show(self, report: health.Report) -> None:
        """Put a report's figures out, in place of those before."""
        if not self.is_wanted:
            return
        told = metrics.text(report).encode()
        if self._settings.textfile is not None:
            self._mind("textfile", write(self._settings.textfile, told))
        if self._settings.listen is not None:
            self._mind("listen", self._listen(self._settings.listen))
        if self._server is not None:
            self._server.told = told

    def close(self) -> None:
        """Stop listening, and take the file away: its figures would stand still."""
        if self._server is not None:
            # A reader that keeps sending keeps the server's thread; it must not keep the gateway from its end.
            closing = threading.Thread(target=self._server.shutdown, name="metrics' end", daemon=True)
            closing.start()
            closing.join(_SLOWEST_READER_S)
            self._server.server_close()
        if self._settings.textfile is not None:
            with contextlib.suppress(OSError):
                self._settings.textfile.unlink(missing_ok=True)

    def _listen(self, address: tuple[str, int]) -> str | None:
        if self._thread is not None and self._thread.is_alive():
            return None
        try:
            self._server = open_server(address)
        except OSError as error:
            return f"{address[0]}:{address[1]} cannot be listened on: {error.strerror}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()
        return None

    def _mind(self, key: str, trouble: str | None) -> None:
        if trouble is not None and self._troubles.get(key) != trouble:
            _log.error("metrics.%s: %s", key, trouble)
        self._troubles[key] = trouble or ""


def problems(settings: operation_settings.Metrics) -> list[tuple[str, str | None]]:
    """Try each place once: (what, what is wrong with it or None). A running gateway holds its own port."""
    found: list[tuple[str, str | None]] = []
    if settings.textfile is not None:
        folder = settings.textfile.parent
        problem = None if os.access(folder, os.W_OK | os.X_OK) else "its folder is not there or cannot be written"
        found.append((f"metrics.textfile: {settings.textfile}", problem))
    if settings.listen is not None:
        try:
            open_server(settings.listen).server_close()
            problem = None
        except OSError as error:
            problem = f"cannot be listened on: {error.strerror}"
        found.append((f"metrics.listen: {settings.listen[0]}:{settings.listen[1]}", problem))
    return found


def write(path: Path, told: bytes) -> str | None:
    """Put the file there, whole or not at all; what is wrong, or None."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(told)
        fresh.chmod(_FILE_MODE)
        fresh.replace(path)
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return None


def open_server(address: tuple[str, int]) -> "_Server":
    """Listen there.

    Raises:
        OSError: the address isn't ours, or somebody else listens there.
    """
    return _Server(address)


class _Server(socketserver.TCPServer):
    """One reader at a time: a flood of them costs no more than one thread."""

    allow_reuse_address = True

    def __init__(self, address: tuple[str, int]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.told = b""
        super().__init__(address, _Reader)

    def handle_error(self, _request: Any, client_address: Any) -> None:
        _log.debug("a reader of the metrics at %s went away", client_address, exc_info=True)


class _Reader(http.server.BaseHTTPRequestHandler):
    timeout = _SLOWEST_READER_S
    server: _Server

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(http.HTTPStatus.NOT_FOUND, "The figures are at /metrics")
            return
        told = self.server.told
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", metrics.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class's name
        _log.debug(format, *arguments)

"""A Debian archive on a port: serves tests/data/mini_archive, and misbehaves when told to."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

FILES = Path(__file__).parents[2] / "data" / "mini_archive"


@dataclass
class Archive:
    """What the server does, and what it was asked."""

    port: int = 0
    requests: list[tuple[str, str | None]] = field(default_factory=list)  #: path and Range
    cut_after: dict[str, int] = field(default_factory=dict)  #: name → bytes, once
    stall_after: dict[str, int] = field(default_factory=dict)  #: name → bytes, until `release` is set
    replaced: dict[str, bytes] = field(default_factory=dict)  #: name → other content
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked_for(self, name: str) -> list[str | None]:
        """The Range of each request for a file."""
        return [wanted for path, wanted in self.requests if path.endswith(name)]


@contextmanager
def serving() -> Iterator[Archive]:
    archive = Archive()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(archive))
    server.daemon_threads = True
    archive.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield archive
    finally:
        archive.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(archive: Archive) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # A file's name may hold %3a itself, for the colon of a version.
            name = unquote(self.path).rpartition("/")[2]
            path = FILES / unquote(self.path).lstrip("/")
            archive.requests.append((self.path, self.headers.get("Range")))
            if not path.is_file():
                self.send_error(404)
                return
            content = archive.replaced.get(name, path.read_bytes())
            first = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
            if first >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(content) - first))
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self._send(name, content[first:])

        def _send(self, name: str, content: bytes) -> None:
            cut, stall = archive.cut_after.pop(name, None), archive.stall_after.get(name)
            if cut is not None:
                self.wfile.write(content[:cut])
                self.close_connection = True
                return
            if stall is not None and not archive.release.is_set():
                self.wfile.write(content[:stall])
                self.wfile.flush()
                archive.release.wait(60)
                self.close_connection = True
                return
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (inherited)
            """Keep the test's output free of requests."""

    return Handler

"""The HTTP listener: uvicorn in the loop of ingest, with limits of its own on slow and many clients.

TLS is a proxy's business (docs/trackers.md): tokens are in the requests, so nothing but the proxy should reach the port.
"""

import asyncio
import contextlib
import socket
from collections.abc import Generator, Sequence

import uvicorn
from uvicorn.protocols.http import h11_impl

from ingest import errors, health, settings
from ingest.senders import commits, gate, http_app, presses, store

HEAD_LIMIT_S = 10.0
"""A request's head must be whole so soon after its first byte, or after the connection was made."""
_MOST_CONNECTIONS = 1_000
_MOST_HEAD_BYTES = 16 * 1024
_IDLE_S = 5
_STOP_LIMIT_S = 5
_FULL_TICK_S = 2.0


class _Impatient(h11_impl.H11Protocol):
    """uvicorn waits for ever for the rest of a request's head; this doesn't."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._is_between_requests():
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_LIMIT_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_between_requests() and not self.transport.is_closing():
            self.transport.abort()


class _Server(uvicorn.Server):
    """Signals are the service's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpServer:
    """Listens from `run` to `stop`.

    Raises:
        SettingsError: it can't listen there.
    """

    def __init__(self, choice: settings.Settings, *, vitals: health.Vitals) -> None:
        assert choice.http_port is not None
        self._socket = listen(choice.http_host, choice.http_port)
        self._store = store.Store(choice.database_url, name="driveops phones")
        # Apart, as a call for help needs its token looked up and waits for no commit of positions.
        self._tokens = store.Store(choice.database_url, name="driveops phones' tokens")
        self._commits = commits.Commits(self._store)
        self._presses = presses.Presses(choice.database_url)
        self._app = http_app.HttpApp(
            doorkeeper=gate.Gate(self._tokens.holder),
            committing=self._commits,
            pressing=self._presses,
            vitals=vitals,
        )
        self._server = _Server(_config(self._app, choice.http_trusted_proxies))

    async def run(self) -> None:
        """Take requests until `stop`; those under way are finished."""
        tasks = [asyncio.create_task(part(), name=part.__name__) for part in (self._commits.run, self._watch_queue)]
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._presses.close()
            await asyncio.gather(self._store.close(), self._tokens.close())

    def stop(self) -> None:
        """End `run`."""
        self._server.should_exit = True

    async def _watch_queue(self) -> None:
        while True:
            # Away: each request finds that out for itself.
            with contextlib.suppress(errors.DatabaseAwayError):
                self._app.is_full = await self._store.is_full()
            await asyncio.sleep(_FULL_TICK_S)


def listen(host: str, port: int) -> socket.socket:
    """A socket that other ingest processes of this machine may share: any of them takes a phone's message.

    Raises:
        SettingsError: it can't be had.
    """
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError as error:
        reason = error.strerror or error
        raise errors.SettingsError(f"INGEST_HTTP_HOST, INGEST_HTTP_PORT: {host}:{port}: {reason}") from None
    return made


def _config(app: http_app.HttpApp, trusted_proxies: Sequence[str]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Impatient,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",  # what is no HTTP is no news
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(trusted_proxies),
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
    )

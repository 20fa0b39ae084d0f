"""What browsers are told to refuse: the content security policy and its like, on every answer."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import settings

_HSTS = "max-age=31536000"


class SecurityHeaders:
    """Adds them; the hashes of Dash's inline scripts come from `app.state.csp_hashes`."""

    def __init__(self, app: ASGIApp, *, choice: settings.Settings) -> None:
        self._app = app
        self._is_https = choice.is_https
        self._tiles = tile_origin(choice.map_raster_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its answer gets the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_safely)

    def _add(self, headers: MutableHeaders, scope: Scope) -> None:
        headers["Content-Security-Policy"] = policy(scope["app"].state.csp_hashes, self._tiles)
        headers["X-Content-Type-Options"] = "nosniff"
        # Not stricter: the tile servers of OpenStreetMap refuse requests without a referrer.
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        headers["X-Frame-Options"] = "DENY"
        if self._is_https:
            headers["Strict-Transport-Security"] = _HSTS
        if not scope["path"].startswith(("/assets/", "/static/", "/_dash-component-suites/")):
            headers["Cache-Control"] = "no-store"


def tile_origin(url: str | None) -> str | None:
    """The origin of a tile server."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def policy(script_hashes: Iterable[str], tiles: str | None) -> str:
    """The content security policy.

    >>> policy([], None).split("; ")[1]
    "script-src 'self'"
    """
    also = f" {tiles}" if tiles else ""
    scripts = " ".join(["'self'", *script_hashes])
    rules = {
        "default-src": "'self'",
        "script-src": scripts,
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob:{also}",
        "font-src": "'self' data:",
        "worker-src": "'self'",
        "connect-src": f"'self'{also}",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())

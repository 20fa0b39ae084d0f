"""The guard before everything, HTTP and WebSocket: who it is, and whether the request comes from a page of ours.

Pure ASGI, as Dash's own hooks see neither pages nor assets nor sockets of ours (docs/web.md).
"""

import hmac
import logging
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors, identity, sessions
from db import accounts
from domain import accounts as domain_accounts

logger = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_FOREIGN = 4403
CLOSE_TRY_AGAIN = 1013

_OPEN = frozenset({"/login", "/logout", "/api/v1/health", "/api/v1/provision"})
# Only what a person looks at is worth a redirect; the rest is asked for by programs, who want to be told.
_FOR_PROGRAMS = ("/api/", "/assets/", "/static/", "/_dash", "/_reload-hash")


class Guard:
    """Lets nobody in without a session, and nothing change without the CSRF token and our own Origin."""

    def __init__(self, app: ASGIApp, *, sessions: sessions.Sessions, public_url: str | None) -> None:
        self._app = app
        self._sessions = sessions
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its identity, or answer it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        token = cookies.get(sessions.COOKIE)
        # Always anew: a kept-alive connection's context may still hold the one before.
        found, refusal = None, None
        try:
            found = await self._sessions.find(token) if token else None
        except errors.UNREACHABLE as error:
            logger.warning("no session can be looked up: %s", error)
            refusal = None if is_open(scope["path"]) else errors.UnavailableError.code
        identity.current_or_none.set(found)
        refusal = refusal or self._refuse(scope, headers, cookies, found)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await _close(receive, send, refusal)
        else:
            await _answer(refusal, scope)(scope, receive, send)

    def _refuse(
        self, scope: Scope, headers: Headers, cookies: dict[str, str], found: domain_accounts.Identity | None
    ) -> str | None:
        """The code of what is wrong; None for nothing."""
        is_socket = scope["type"] == "websocket"
        changes = is_socket or scope["method"] not in SAFE_METHODS
        if changes and not self._is_own(scope, headers):
            return "foreign_origin"
        if is_open(scope["path"]) and not is_socket:
            return None  # forms of the login carry their own CSRF field
        if found is None:
            return errors.NotSignedInError.code
        if changes and not is_socket and not same_secret(cookies.get(sessions.CSRF_COOKIE), headers):
            return "csrf"
        return None

    def _is_own(self, scope: Scope, headers: Headers) -> bool:
        """Whether the Origin is ours; browsers send one with every such request, programs may leave it out but for sockets."""
        origin = headers.get("origin")
        if origin is None:
            return bool(scope["type"] == "http")
        if self._public_url is not None:
            return bool(origin.lower() == self._public_url)
        try:
            return bool(urlsplit(origin).netloc.lower() == headers.get("host", "").lower())
        except ValueError:  # such as "http://["
            return False


def is_open(path: str) -> bool:
    """Whether everybody may come here."""
    # One level below, no more: what no route of ours takes, Dash would answer.
    return path in _OPEN or path.rpartition("/")[0] + "/" == accounts.LINK_PATH


def same_secret(cookie: str | None, headers: Headers) -> bool:
    """Whether the header repeats the cookie: another site's page can read neither."""
    return bool(cookie) and hmac.compare_digest((cookie or "").encode(), headers.get(sessions.CSRF_HEADER, "").encode())


_MESSAGES = {
    "unavailable": "the database does not answer; try again in a moment",
    "not_signed_in": "sign in first",
    "csrf": "the request has no CSRF token: reload the page",
    "foreign_origin": "the request comes from another site",
}

_CLOSE_NUMBERS = {
    errors.NotSignedInError.code: CLOSE_NOT_SIGNED_IN,
    errors.UnavailableError.code: CLOSE_TRY_AGAIN,
}


def _answer(code: str, scope: Scope) -> Response:
    is_page = scope["method"] in SAFE_METHODS and not scope["path"].startswith(_FOR_PROGRAMS)
    if code == errors.NotSignedInError.code and is_page:
        asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return RedirectResponse(f"/login?next={quote(asked, safe='')}", status_code=303)
    return JSONResponse(errors.body(code, _MESSAGES[code]), status_code=errors.STATUS_BY_CODE[code])


async def _close(receive: Receive, send: Send, code: str) -> None:
    # Accepted first: a refused handshake hides the close code from the browser.
    await receive()
    await send({"type": "websocket.accept"})
    number = _CLOSE_NUMBERS.get(code, CLOSE_FOREIGN)
    await send({"type": "websocket.close", "code": number, "reason": _MESSAGES[code]})

"""The HTTP listener's application: OwnTracks on /owntracks, Traccar Client and OsmAnd on / (and /osmand, /traccar).

Answers with success only once everything is committed. A phone keeps what is answered otherwise and sends it again; where it
would do so for ever, see `refusals`. Neither addresses nor bodies are logged: they hold tokens and positions.
"""

import asyncio
import base64
import binascii
import datetime as dt
import json
import logging
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from db import sender_tokens
from domain import telemetry
from domain.wire import fields
from ingest import errors, health
from ingest.senders import commits, gate, intake, kept, osmand, owntracks, presses, refusals, reports, traccar

logger = logging.getLogger(__name__)

MOST_BODY_BYTES = 256 * 1024
MOST_AT_ONCE = 400
"""Requests under way; who comes then is told to come again."""
BODY_LIMIT_S = 10.0
RETRY_AFTER_S = 10
_OWNTRACKS = "/owntracks"
_QUERIES = frozenset({"/", "/osmand", "/traccar"})
_HEALTH = "/health"
_NO_TOKEN = "the token is unknown or revoked"  # noqa: S105 - words


class _Refused(Exception):  # noqa: N818 - an answer
    """A request that is answered with an error and kept nowhere."""

    def __init__(self, status: HTTPStatus, message: str, *, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.status, self.wait_s = status, wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """What a request carries, before it is read: who it claims to be and what may be kept of it."""

    protocol: str
    token: str
    kept: bytes
    content: Any
    user: str | None = None


class HttpApp:
    """Takes requests; `is_full` tells whether what is taken is not written fast enough."""

    def __init__(
        self,
        *,
        doorkeeper: gate.Gate,
        committing: commits.Commits,
        pressing: presses.Presses,
        vitals: health.Vitals,
    ) -> None:
        self._gate, self._commits, self._presses = doorkeeper, committing, pressing
        self._vitals = vitals
        self._refusals = refusals.Refusals()
        self._under_way = 0
        self._told_away = False
        self.is_full = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self._under_way += 1
        try:
            answer = await self._answer(request)
        except _Refused as refused:
            answer = _error(refused.status, str(refused), wait_s=refused.wait_s)
        except errors.DatabaseAwayError as error:
            # Once in a row is enough: each of thousands of phones comes again and again.
            level = logging.DEBUG if self._told_away else logging.WARNING
            logger.log(level, "phones are told to keep their messages: %s", error)
            self._told_away = True
            answer = _error(HTTPStatus.SERVICE_UNAVAILABLE, "try again later", wait_s=RETRY_AFTER_S)
        except ClientDisconnect:
            return
        finally:
            self._under_way -= 1
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path == _HEALTH:
            return self._health()
        if self._under_way > MOST_AT_ONCE:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too much at once", wait_s=RETRY_AFTER_S)
        message = await _message(request)
        holder = await self._holder(message, request.client.host if request.client else "")
        return await self._take(message, holder, dt.datetime.now(dt.UTC))

    def _health(self) -> Response:
        """For a proxy that asks; what is wrong stands in the log, not here."""
        is_well = self._vitals.database == health.CONNECTED and not self.is_full
        status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": "ok" if is_well else "away"}, status_code=status)

    async def _holder(self, message: _Message, address: str) -> sender_tokens.Holder:
        holder, wait_s = await self._gate.holder(message.token, address)
        if wait_s:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many unknown tokens", wait_s=wait_s)
        if holder is None:
            raise _Refused(HTTPStatus.UNAUTHORIZED, _NO_TOKEN)
        names = {holder.ref.name, f"{holder.tenant}/{holder.ref.name}"}
        if message.user is not None and message.user not in names:
            raise _Refused(HTTPStatus.UNAUTHORIZED, "the token is another device's than the user name says")
        return holder

    async def _take(self, message: _Message, holder: sender_tokens.Holder, received_at: dt.datetime) -> Response:
        sender = (holder.tenant, holder.ref.name)
        report, refusal = None, None
        try:
            report = _read(message, "/".join(sender), received_at)
        except fields.WireError as error:
            refusal = str(error)
        # A call for help waits for no bound of messages, and not for the queue.
        pressed = () if report is None else report.presses
        for press in pressed:
            await self._press(press, holder, received_at)
        if not pressed and (wait_s := self._gate.message_wait_s(holder)):
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many messages", wait_s=wait_s)
        if self.is_full or self._commits.is_busy:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too much waits", wait_s=RETRY_AFTER_S)
        if report is not None and report.passed_over:
            return _taken(message)
        if refusal is not None and self._refusals.times(sender, message.kept):
            return self._refused(message, sender, refusal)
        fate = await self._commits.take(
            intake.Delivery(
                sender=sender,
                topic=kept.http_topic(message.protocol, sender),
                payload=message.kept,
                received_at=received_at,
                report=report,
                refusal=refusal,
            )
        )
        self._vitals.senders += 1
        self._told_away = False
        if fate is intake.Fate.REFUSED:
            return self._refused(message, sender, refusal or "the database refuses it")
        return _taken(message)

    async def _press(self, press: telemetry.Press, holder: sender_tokens.Holder, received_at: dt.datetime) -> None:
        if wait_s := self._gate.press_wait_s(holder):
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many presses", wait_s=wait_s)
        await self._presses.take(press, (holder.tenant, holder.ref.name), received_at)
        self._vitals.presses += 1

    def _refused(self, message: _Message, sender: tuple[str, str], reason: str) -> Response:
        if self._refusals.note(sender, message.kept) > refusals.LET_OFF_AFTER:
            return _taken(message)
        return _error(HTTPStatus.BAD_REQUEST, reason)


async def _message(request: Request) -> _Message:
    """What a request carries.

    Raises:
        _Refused: it is none of a phone, or too long, or too slow.
    """
    path, method = request.url.path, request.method
    if path != _OWNTRACKS and path not in _QUERIES:
        raise _Refused(HTTPStatus.NOT_FOUND, "no such path: OwnTracks posts to /owntracks, all others to /")
    if method != "POST" and (method != "GET" or path == _OWNTRACKS):
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"no {method} here")
    if path == _OWNTRACKS:
        user, token = _basic(request.headers.get("authorization", ""))
        body = await _body(request)
        return _Message(protocol="owntracks", token=token, kept=body, content=body, user=user)
    body = await _body(request) if method == "POST" else b""
    if body.lstrip()[:1] == b"{":
        return _traccar(body)
    return _query(request.scope["query_string"] or body)


def _traccar(body: bytes) -> _Message:
    try:
        content = fields.load(body)
    except fields.WireError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
    token = traccar.token_of(content)
    if token is None:
        raise _Refused(HTTPStatus.UNAUTHORIZED, "device_id is missing: it is the token")
    kept = json.dumps(traccar.without_token(content), separators=(",", ":")).encode()
    return _Message(protocol="traccar", token=token, kept=kept, content=content)


def _query(query: bytes) -> _Message:
    try:
        parameters = osmand.parse(query)
    except fields.WireError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
    token = osmand.token_of(parameters)
    if token is None:
        raise _Refused(HTTPStatus.UNAUTHORIZED, "id is missing: it is the token")
    kept = urlencode(osmand.without_token(parameters)).encode()
    return _Message(protocol="osmand", token=token, kept=kept, content=parameters)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        user, colon, token = "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise _Refused(HTTPStatus.UNAUTHORIZED, "user name and password are missing: the password is the token")
    return user, token


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MOST_BODY_BYTES} bytes")
    except TimeoutError:
        raise _Refused(HTTPStatus.REQUEST_TIMEOUT, "the body comes too slowly") from None
    return bytes(body)


def _read(message: _Message, device: str, received_at: dt.datetime) -> reports.Report:
    match message.protocol:
        case "owntracks":
            return owntracks.read(message.content, received_at=received_at)
        case "traccar":
            return traccar.read(message.content, device=device, received_at=received_at)
        case _:
            return osmand.read(message.content, device=device, received_at=received_at)


def _taken(message: _Message) -> Response:
    """Everything is committed, though it may be among the rejects: 202 is no success for every app.

    OwnTracks wants an array: of what the phone is told, nothing.
    """
    return JSONResponse([] if message.protocol == "owntracks" else {})


def _error(status: HTTPStatus, message: str, *, wait_s: float = 0.0) -> Response:
    headers = {"Retry-After": str(math.ceil(wait_s))} if wait_s else {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="DriveOps"'
    if status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        headers["Connection"] = "close"
    code = status.phrase.lower().replace(" ", "_")
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)

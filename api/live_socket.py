"""The WebSocket `/api/v1/live`: tasks that send, that hear, and that ask again who may."""

import asyncio
import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable

import fastapi
import sqlalchemy as sa
from starlette.websockets import WebSocketState

from api import identity, live_hub, live_request, live_viewer, sessions, shown, subscriptions
from domain import accounts, errors

_log = logging.getLogger(__name__)
PATH = "/api/v1/live"
SIGNED_OUT = 4401  #: close code: sign in again
_TOO_SLOW, _TOO_MANY, _BROKEN = 1013, 1008, 1011
_QUIET_S = 2.0
_SEND_LIMIT_S = 30.0
_CLOSE_LIMIT_S = 5.0
_RECHECK_S = 5.0
_MESSAGES_A_S = 20
_MOST_FOLLOWED = 100
_MOST_SOCKETS = 20  #: of one account
_EXPIRY_NOTICE = dt.timedelta(minutes=10)

FindSession = Callable[[str], Awaitable[accounts.Identity | None]]


class TooManyError(errors.DomainError):
    """More than a page ever needs."""

    code = "too_many"


def router(hub: live_hub.LiveHub, source: sa.Engine, find_session: FindSession) -> fastapi.APIRouter:
    """The route; `find_session` says whose a token is now (api.sessions.Sessions.find)."""
    made = fastapi.APIRouter()

    @made.websocket(PATH)
    async def live(socket: fastapi.WebSocket) -> None:
        who = identity.current_or_none.get()
        if who is None or not who.may(accounts.Permission.SEE_LIVE):
            await socket.close(SIGNED_OUT)
            return
        await socket.accept()
        # The newest comes in: a page that is reloaded, or that lost its network, must not wait for its own old sockets.
        hub.make_room(who.account_id, _MOST_SOCKETS)
        viewer = hub.join(who)
        session = _Session(socket, viewer, hub, source, find_session)
        try:
            code = await session.run()
        finally:
            hub.leave(viewer)
        await session.close(code)

    return made


class _Session:
    def __init__(
        self,
        socket: fastapi.WebSocket,
        viewer: live_viewer.Viewer,
        hub: live_hub.LiveHub,
        source: sa.Engine,
        find_session: FindSession,
    ) -> None:
        self._socket, self._viewer, self._hub = socket, viewer, hub
        self._engine, self._find_session = source, find_session
        self._second, self._heard = 0, 0
        self._knows_expiry = False

    async def run(self) -> int:
        """The code to close it with."""
        parts = (self._send(), self._hear(), self._check(), self._dismissal())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        codes = [task.result() for task in done if not task.cancelled() and task.exception() is None]
        for task in done:
            if (error := task.exception()) and not isinstance(error, fastapi.WebSocketDisconnect):
                _log.error("a live socket ends", exc_info=error)
        return codes[0] if codes else _BROKEN

    async def close(self, code: int) -> None:
        """Say why, if the browser still listens; one that takes nothing is left to api.server.STUCK_LIMIT_S."""
        states = (self._socket.client_state, self._socket.application_state)
        if any(state is not WebSocketState.CONNECTED for state in states):
            return
        # The browser may be gone between the look and the word.
        with contextlib.suppress(RuntimeError, fastapi.WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await self._socket.close(code)

    async def _dismissal(self) -> int:
        await self._viewer.dismissed.wait()
        return _TOO_MANY

    async def _send(self) -> int:
        """Send what there is; while a send waits for a slow browser nothing is made for it."""
        sent_at = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await live_hub.wait_for(self._viewer.awake, _QUIET_S / 2)
            try:
                async with asyncio.timeout(_SEND_LIMIT_S):
                    for message in self._viewer.take(self._hub.clock()):
                        await self._give(message)
                        sent_at = loop.time()
                    if loop.time() - sent_at >= _QUIET_S:
                        await self._socket.send_text('{"type": "tick"}')
                        sent_at = loop.time()
            except TimeoutError:
                return _TOO_SLOW

    async def _give(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_text(message)

    async def _hear(self) -> int:
        while True:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return 1000
            try:
                self._count()
                await self._obey(live_request.parse(received.get("text") or ""))
            except TooManyError as error:
                self._complain(error)
                return _TOO_MANY
            except errors.DomainError as error:
                self._complain(error)
            except sa.exc.SQLAlchemyError as error:
                _log.warning("a subscription fails: %s", error)
                self._viewer.offer({"type": "error", "code": "unavailable", "message": "the database is away"})

    async def _obey(self, wanted: live_request.Look | live_request.Subscription) -> None:
        match wanted:
            case live_request.Look():
                self._viewer.look(wanted.box, wanted.zoom)
            case live_request.Subscription(person=uuid.UUID() as person, begins=True):
                if len(self._viewer.followed) >= _MOST_FOLLOWED:
                    raise subscriptions.TooManyFollowedError(f"at most {_MOST_FOLLOWED} people at a time")
                self._viewer.follow(person, await self._devices_of(person))
            case live_request.Subscription(person=uuid.UUID() as person):
                self._viewer.leave(person)
            case _:
                raise subscriptions.BookingNotFoundError(f"no booking {wanted.booking}")

    async def _check(self) -> int:
        """See again and again whether the account may still look, and whom it may follow (R57)."""
        while True:
            self._tell_expiry()
            await asyncio.sleep(_RECHECK_S)
            # A database that is away lets nobody in, and throws nobody out.
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                found = await self._find_session(self._socket.cookies.get(sessions.COOKIE, ""))
                if found is None or not found.may(accounts.Permission.SEE_LIVE):
                    return SIGNED_OUT
                self._viewer.identity = found
                await self._check_followed()

    def _tell_expiry(self) -> None:
        """Say that the session will end: nobody is to find out by alerts that don't come."""
        at = self._viewer.identity.session_expires_at
        left = at - dt.datetime.fromtimestamp(self._hub.clock() / 1e3, dt.UTC)
        if left <= _EXPIRY_NOTICE and not self._knows_expiry:
            self._viewer.offer({"type": "expires", "at": shown.instant(at)})
            self._knows_expiry = True

    async def _check_followed(self) -> None:
        for person in list(self._viewer.followed):
            try:
                self._viewer.follow(person, await self._devices_of(person))
            except errors.DomainError as error:
                self._viewer.leave(person)
                self._complain(error)

    async def _devices_of(self, person: uuid.UUID) -> frozenset[int]:
        return await asyncio.to_thread(subscriptions.devices_of, self._engine, self._viewer.identity, person)

    def _count(self) -> None:
        second = self._hub.clock() // 1000
        self._heard = self._heard + 1 if second == self._second else 1
        self._second = second
        if self._heard > _MESSAGES_A_S:
            raise TooManyError(f"at most {_MESSAGES_A_S} messages a second")

    def _complain(self, error: errors.DomainError) -> None:
        self._viewer.offer({"type": "error", "code": error.code, "message": str(error)})

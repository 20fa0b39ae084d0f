"""Bounds what a stranger can make the server hold in memory: bodies to addresses that ask for no session."""

from starlette import status
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors, guard

MOST_BYTES = 16_384
"""A form of the login and a code with all their fields are a tenth of this."""


class BodyLimit:
    """Answers 413 to a longer body where everybody may come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on once its body is known to be short."""
        if scope["type"] != "http" or scope["method"] in guard.SAFE_METHODS or not guard.is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        messages, size, is_more = list[Message](), 0, True
        while is_more:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > MOST_BYTES:
                await _refusal()(scope, receive, send)
                return
            is_more = message.get("more_body", False)

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)


def _refusal() -> JSONResponse:
    told = errors.body("too_large", f"more than {MOST_BYTES} bytes")
    # The rest is still on its way: nobody here reads it, so the connection ends.
    return JSONResponse(told, status_code=status.HTTP_413_CONTENT_TOO_LARGE, headers={"Connection": "close"})

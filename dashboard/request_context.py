"""What the running request is served with: the services of its application and the reader's language."""

from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from api import desk as api_desk
from api import figures_desk, languages, service
from dashboard import i18n

SCHEME_COOKIE = "colour_scheme"  #: written by assets/frame.js

services: ContextVar[service.Services] = ContextVar("services")
scheme: ContextVar[str | None] = ContextVar("scheme", default=None)  #: light or dark where the reader chose

_SCHEMES = ("light", "dark")


def desk() -> api_desk.Desk:
    """Where pages read the present and act on alerts."""
    return services.get().desk


def figures() -> figures_desk.FiguresDesk:
    """Where pages read figures."""
    return figures_desk.FiguresDesk(services.get().web)


class RequestContext:
    """ASGI middleware that sets them for pages and callbacks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its context."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            jar = cookie_parser(headers.get("cookie", ""))
            chosen = jar.get(SCHEME_COOKIE)
            services.set(scope["app"].state.services)
            scheme.set(chosen if chosen in _SCHEMES else None)
            i18n.language.set(languages.choose(jar.get(languages.COOKIE), headers.get("accept-language")))
        await self._app(scope, receive, send)

"""The web server whole: the API, the pages and what stands around both."""

import asyncio
from pathlib import Path

import dash
import fastapi

from api import application as api_application
from api import settings
from dashboard import frame, request_context, static_files

_HERE = Path(__file__).parent


def create(choice: settings.Settings) -> fastapi.FastAPI:
    """Build the application, outside of any event loop; feeds and connections start with its lifespan."""
    server = api_application.create(choice)
    server.add_middleware(request_context.RequestContext)
    static_files.mount(server, choice)
    pages = dash.Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # annotated for Flask only
        use_pages=True,
        pages_folder=str(_HERE / "pages"),
        assets_folder=str(_HERE / "assets"),
        title="DriveOps",
        update_title=None,  # type: ignore[arg-type]  # None is documented
        # Layouts ask who is signed in: without this, Dash would call them all once with nobody there.
        suppress_callback_exceptions=True,
    )
    pages.layout = frame.layout
    _prepare(pages)
    server.state.csp_hashes = tuple(pages.csp_hashes())
    api_application.finish(server)
    return server


def _prepare(pages: dash.Dash) -> None:
    # Dash 4.4.1 lists its assets and adds its inline title callback at the first request of `/` only: a sub-page asked
    # for before it comes without scripts, and the callback's hash misses in the CSP. Private: a test watches it.
    for prepare in pages.backend._before_request_funcs:  # type: ignore[attr-defined]  # noqa: SLF001
        pending = prepare()
        if pending is not None:
            asyncio.run(pending)

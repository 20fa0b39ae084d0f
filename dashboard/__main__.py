"""`python -m dashboard`: the web server, pages and API in one process."""

import dataclasses
import os
import sys
from typing import Annotated

import typer
import uvicorn

from api import errors, settings
from dashboard import application

_STOP_LIMIT_S = 5
_MOST_SAID_BYTES = 8 * 1024  #: by a page on its socket; api.live_request answers those over half of it

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def dashboard() -> None:
    """Serve the live map, the alerts and the API."""


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="The address to listen on; else WEB_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; else WEB_PORT.", min=1, max=65_535)] = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C. All settings are environment variables: WEB_*."""
    try:
        choice = settings.Settings.from_env(os.environ)
    except errors.SettingsError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        raise typer.Exit(code=2) from None
    choice = dataclasses.replace(choice, host=host or choice.host, port=port or choice.port)
    uvicorn.run(
        application.create(choice),
        host=choice.host,
        port=choice.port,
        log_level=choice.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
        ws="websockets-sansio",
        ws_max_size=_MOST_SAID_BYTES,
    )


if __name__ == "__main__":
    app()

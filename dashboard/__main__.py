"""`python -m dashboard`: the web server, pages and API in one process."""

import contextlib
import dataclasses
import os
import sys
from typing import Annotated

import typer
import uvicorn

from api import errors, server, settings
from dashboard import application

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
    config = server.config(
        application.create(choice),
        host=choice.host,
        port=choice.port,
        log_level=choice.log_level.lower(),
        forwarded_allow_ips=list(choice.trusted_proxies),
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[server.listen(config)])


if __name__ == "__main__":
    app()

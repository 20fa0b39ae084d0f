"""`python -m ingest`: the backend that takes what devices send."""

import os
import sys
import time
from typing import Annotated, NoReturn

import typer
import uvloop

from ingest import errors, garbage, health, log, reject_cli, service, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def ingest() -> None:
    """Take what devices send over MQTT, apply the rules and write the database."""


@app.command()
def run() -> None:
    """Work until SIGTERM or Ctrl-C, then commit what is in hand. All settings are environment variables: INGEST_*."""
    try:
        choice = settings.Settings.from_env(os.environ)
        log.configure(os.environ.get("INGEST_LOG_LEVEL", "INFO"))
    except errors.SettingsError as error:
        _fail(error)
    garbage.collect_seldom()
    try:
        uvloop.run(_run(choice))
    except errors.SettingsError as error:
        _fail(error)


@app.command("health")
def tell_health(
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the exit code: 0 at work, 1 not.")] = False,  # noqa: FBT002
) -> None:
    """Say how the running ingest is, from the file that INGEST_HEALTH_FILE names."""
    path = settings.health_file(os.environ)
    try:
        if path is None:
            raise errors.SettingsError("INGEST_HEALTH_FILE is not set")
        vitals = health.read(path, time.time())
    except errors.IngestError as error:
        _fail(error)
    if not quiet:
        print(", ".join(f"{name} {value}" for name, value in vitals.items() if name != "time"))


app.command("replay-rejects")(reject_cli.replay_rejects)
app.command("rejects")(reject_cli.list_rejects)


async def _run(choice: settings.Settings) -> None:
    await service.Service(choice).run()


def _fail(error: errors.IngestError) -> NoReturn:
    print(f"ingest: {error}", file=sys.stderr)
    raise typer.Exit(code=2 if isinstance(error, errors.SettingsError) else 1) from None


if __name__ == "__main__":
    app()

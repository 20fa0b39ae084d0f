"""The command line: `python -m stack …`."""

import os
from pathlib import Path

import typer
from rich import console

from stack import engine, progress, settings

app = typer.Typer(
    help="The embedded stack: a private PostgreSQL, broker and ingest for demo, development and tests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_err = console.Console(stderr=True)


@app.callback()
def root() -> None:
    """Keep `python -m stack fetch` a command among others."""


@app.command()
def fetch() -> None:
    """Find or fetch the servers, and build the demo's town; nothing happens the second time."""
    from stack import town_build  # noqa: PLC0415 (its libraries are slow to load, and `down` needs none of them)

    choice = current_settings()
    with progress.shown(_err) as report:
        engine.ensure(choice, report)
        town_build.ensure(choice.cache_dir, lambda step: report(step, 0.0))


def current_settings() -> settings.Settings:
    """Read the settings of this process's environment."""
    return settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0)


def town_folder() -> Path:
    """Return the folder of the town, built if it must be."""
    from stack import town_build  # noqa: PLC0415 (as in `fetch`)

    with progress.shown(_err) as report:
        return town_build.ensure(current_settings().cache_dir, lambda step: report(step, 0.0))

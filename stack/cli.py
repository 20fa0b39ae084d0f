"""The command line: `python -m stack …`."""

import os
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich import console, table

from stack import (
    children,
    engine,
    errors,
    health,
    lazy_commands,
    lifecycle,
    progress,
    running,
    settings,
    state,
    web_vendor,
)

app = typer.Typer(
    help="The embedded stack: a private PostgreSQL, broker and ingest for demo, development and tests.",
    cls=lazy_commands.LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_out, _err = console.Console(), console.Console(stderr=True)
if not _out.is_terminal:
    _out.width = 160  # a file or a pipe has no width, and a folded path is of no use


def main() -> None:
    """Run a command; what a person can mend is told in a sentence."""
    try:
        app(prog_name="python -m stack")
    except errors.StackError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


@app.command()
def fetch(*, town_only: Annotated[bool, typer.Option("--town-only", help="Leave the servers out.")] = False) -> None:
    """Find or fetch the servers and the pages' libraries, and build the demo's town; nothing happens the second time."""
    choice = current_settings()
    if not town_only:
        fetched_engine(choice)
        vendor_folder(choice)
    town_folder()


@app.command()
def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is up; it runs on.")] = False,
    only: Annotated[list[children.Part] | None, typer.Option("--only", help="Run this part; may be repeated.")] = None,
) -> None:
    """Start the servers, migrate, seed and run ingest; Ctrl-C stops it all in order."""
    choice = current_settings()
    if detach:
        lifecycle.up_detached(choice, only or [])
        _print_addresses(running.current(choice))
        return
    lifecycle.up(
        choice,
        only or [],
        say=_say,
        get_engine=fetched_engine,
        get_web_files=web_files,
        is_up=lambda: _print_addresses(running.current(choice)),
    )


@app.command()
def down(*, purge: Annotated[bool, typer.Option("--purge", help="Delete its data as well.")] = False) -> None:
    """Stop the stack of this checkout, also what a killed supervisor has left."""
    lifecycle.down(current_settings(), _say, purge=purge)


@app.command()
def status() -> None:
    """Show the services; exit code 0 only if all of them do their work."""
    choice = current_settings()
    found = state.read(choice.state_dir)
    if found is None:
        raise errors.StackError("the stack is not up (`python -m stack up --detach` starts it)")
    findings = health.look(found)
    _out.print(_as_table(findings))
    if any(finding.trouble for finding in findings) or not found.is_up:
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print the addresses of the running stack for a shell: eval "$(python -m stack env)"."""
    for name, value in running.current(current_settings()).addresses.variables().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def current_settings() -> settings.Settings:
    """Read the settings of this process's environment."""
    return settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0)


def fetched_engine(choice: settings.Settings) -> engine.Engine:
    """Return the engine; fetching it, if it must be, is shown."""
    with progress.shown(_err) as report:
        return engine.ensure(choice, report)


def vendor_folder(choice: settings.Settings) -> Path:
    """Return the folder of the libraries that browsers load; fetching them, if it must be, is shown."""
    with progress.shown(_err) as report:
        found = web_vendor.ensure(choice.cache_dir, report)
    web_vendor.link(found)
    return found / web_vendor.BROWSER


def web_files(choice: settings.Settings) -> dict[str, str]:
    """Return the settings by which the web server finds its files, but for those that the environment has already."""
    from stack import town_build  # noqa: PLC0415 (its libraries are slow to load)

    found = {
        "WEB_VENDOR_DIR": str(vendor_folder(choice)),
        "WEB_MAP_PMTILES": str(town_folder() / town_build.BASEMAP),
    }
    return {name: value for name, value in found.items() if not os.environ.get(name)}


def town_folder() -> Path:
    """Return the folder of the town; building it, if it must be, is shown."""
    from stack import town_build  # noqa: PLC0415 (its libraries are slow to load)

    with progress.shown(_err) as report:
        return town_build.ensure(current_settings().cache_dir, lambda step: report(step, 0.0))


def _say(sentence: str) -> None:
    _out.print(f"{datetime.now().astimezone():%H:%M:%S} {sentence}", markup=False, highlight=False, soft_wrap=True)


def _print_addresses(stack: state.State) -> None:
    _out.print(_as_table(health.look(stack)))
    _out.print("addresses: python -m stack env · logs:", stack.data_dir, soft_wrap=True, highlight=False)


def _as_table(findings: list[health.Finding]) -> table.Table:
    shown = table.Table(box=None, pad_edge=False)
    for column in ("service", "state", "pid", "port", "restarts", "log"):
        shown.add_column(column, overflow="fold")
    for finding in findings:
        service = finding.service
        told = finding.trouble if finding.trouble in {"", service.phase} else f"{service.phase}, {finding.trouble}"
        numbers = [str(number) if number else "–" for number in (service.pid, service.port)]
        shown.add_row(service.name, told or service.phase, *numbers, str(service.restarts), service.log)
    return shown

"""`python -m stack demo`: all of it up, the town in motion, and a view of it."""

import asyncio
import contextlib
import datetime as dt
import os
import signal
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console

from db import errors
from stack import addresses, health, lifecycle, running, settings, state, supervisor, town_build
from stack import cli as stack_cli
from stack.demo import crew, desk, entrance, lamps, places, service, words
from stack.fleet import log_lines, premises
from stack.town import streets

_UNITS, _GATEWAYS = 40, 3


def demo(
    *,
    units: Annotated[int, typer.Option(min=1, max=200_000, help="Vehicles and guards of the fleet.")] = _UNITS,
    gateways: Annotated[int, typer.Option(min=0, max=99, help="Vans among them with a real gateway.")] = _GATEWAYS,
    presses_per_hour: Annotated[float, typer.Option(min=0.0, max=3600.0, help="Presses by chance.")] = 6.0,
    seed: Annotated[int, typer.Option(help="The same seed moves the fleet the same way.")] = 1,
    lang: Annotated[str | None, typer.Option(help="en or fr; else as LANG says.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only show the address of the pages.")] = False,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds until it ends; else q ends it.")] = None,
) -> None:
    """Bring the stack up, seed the town, move its fleet and show it; q stops what this has started."""
    choice = stack_cli.current_settings()
    say = words.Words(lang or words.language_of(os.environ))
    console = Console(highlight=False)
    # The fetching is shown here, with its progress; the supervisor in the background finds everything in place.
    stack_cli.fetched_engine(choice)
    stack_cli.vendor_folder(choice)
    town = streets.load(stack_cli.town_folder() / town_build.STREETS)
    was_up = supervisor.at_work(choice.data_dir) is not None
    try:
        if not was_up:
            console.print(say("start_stack"))
        lifecycle.up_detached(choice, [])
        address = _pages(running.current(choice).addresses)
        if address:
            console.print(say("pages", address=address), soft_wrap=True)
            if not no_browser:
                entrance.open_in_browser(address)
        # The screen is the view's alone.
        log_lines.set_up(file=choice.data_dir / "demo.log")
        options = [
            f"--units={units}",
            f"--gateways={gateways}",
            f"--presses-per-hour={presses_per_hour}",
            f"--seed={seed}",
        ]
        asyncio.run(_run(console, say, town, choice, options, duration, address))
    finally:
        if not was_up:
            with contextlib.suppress(OSError):  # the terminal may be closed
                console.print(say("stopping"))
            lifecycle.down(choice, lambda _: None, purge=False)


async def _run(
    console: Console,
    say: words.Words,
    town: streets.Streets,
    choice: settings.Settings,
    options: list[str],
    duration_s: float | None,
    address: str | None,
) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    found = running.current(choice)
    fleet = crew.Crew(premises.socket_path(choice), choice.data_dir / "fleet.log")
    at = desk.Desk(found.addresses.ingest_database_url)
    try:
        console.print(say("start_fleet"))
        await fleet.start(options)
        shown = service.Demo(
            console,
            say,
            places.Places(town).name,
            at=at,
            fleet=fleet,
            signals=lamps.Lamps(found.addresses.ingest_mqtt_url),
            services=lambda: _services(choice),
            address=address,
        )
        await shown.run(duration_s, stop)
    finally:
        await fleet.stop()
        at.close()


def _pages(at: addresses.Addresses) -> str | None:
    """The address of the pages with a link that signs in, if the database knows who."""
    try:
        return entrance.link(at, now=dt.datetime.now(dt.UTC))
    except errors.DatabaseError:
        return None


def _services(choice: settings.Settings) -> Mapping[str, bool]:
    """Which services work, those that run once left out."""
    found = state.read(choice.state_dir)
    if found is None:
        return {"stack": False}
    return {each.service.name: not each.trouble for each in health.look(found) if each.service.phase != "done"}

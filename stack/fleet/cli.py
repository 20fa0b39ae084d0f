"""`python -m stack fleet`: the fleet as a command."""

import asyncio
import os
from typing import Annotated

import typer

from stack import cli as stack_cli
from stack.fleet import log_lines

_QUIET = ("gmqtt", "asyncio")


def fleet(
    *,
    units: Annotated[
        int, typer.Option(min=1, max=200_000, help="Vehicles and guards, vans with gateways included.")
    ] = 40,
    gateways: Annotated[int, typer.Option(min=0, max=99, help="Vans with a serial line and a real gateway each.")] = 3,
    rate: Annotated[float, typer.Option(min=0.01, max=10.0, help="Fixes a second of each tracker.")] = 1.0,
    batch: Annotated[int, typer.Option(min=1, max=500, help="Fixes in a tracker's message.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed moves the fleet the same way.")] = 1,
    presses_per_hour: Annotated[
        float, typer.Option(min=0.0, max=3600.0, help="Presses by chance, of all together.")
    ] = 6.0,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds until it ends; else Ctrl-C ends it.")] = None,
) -> None:
    """Move a fleet through the town and let it report to the running stack, or to STACK_FLEET_MQTT_URL."""
    # These are slow to load, and the other commands need none of them.
    from stack import town_build  # noqa: PLC0415
    from stack.fleet import premises, service  # noqa: PLC0415
    from stack.town import streets  # noqa: PLC0415

    log_lines.set_up(quiet=_QUIET)
    plan = service.Plan(
        units=units,
        gateways=gateways,
        rate_hz=rate,
        batch=batch,
        seed=seed,
        presses_per_hour=presses_per_hour,
        duration_s=duration,
    )
    town = streets.load(stack_cli.town_folder() / town_build.STREETS)
    found = premises.prepare(
        stack_cli.current_settings(),
        mqtt_url=os.environ.get(premises.MQTT_VARIABLE),
        units=units,
        vans=min(units, gateways),
    )
    asyncio.run(service.run(plan, town, found))

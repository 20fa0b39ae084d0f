"""`python -m db quality …`: what a tenant takes for possible, and what it did not."""

import datetime as dt
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
import typer

from db import devices, engine, errors, quality_rules, settings
from domain import fix_quality

app = typer.Typer(help="The truth of fixes: thresholds, and what was flagged.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]
Most = Annotated[int, typer.Option("--most", min=1, help="So many lines at most.")]
Days = Annotated[int, typer.Option("--days", min=1, help="How far back.")]


@app.command("show")
def show_rules(tenant: Tenant) -> None:
    """Print the thresholds of each kind of device; a star stands at those that the tenant has set."""
    with _open() as connection:
        found = quality_rules.of_tenant(connection, devices.tenant_id(connection, tenant))
    for kind, limits in found.items():
        told = [
            f"{name} {_word(getattr(limits, name))}{'*' * (getattr(limits, name) != getattr(default, name))}"
            for default in [fix_quality.DEFAULTS[kind]]
            for name in quality_rules.NAMES
        ]
        typer.echo("\t".join([kind, *told]))


@app.command("set")
def set_rule(
    tenant: Tenant,
    kind: Annotated[str, typer.Option("--kind", help="gateway, tracker or phone.")],
    thresholds: Annotated[
        list[str], typer.Argument(help="NAME=VALUE, as `show` prints them; NAME=default takes it back.")
    ],
) -> None:
    """Set thresholds of a kind of device; they hold for what is received from now on, ingest hears of them at once."""
    if kind not in fix_quality.DEFAULTS:
        raise errors.DatabaseError(f"{kind!r} is none of {', '.join(fix_quality.DEFAULTS)}")
    changes = dict(_change(told) for told in thresholds)
    with _open() as connection:
        quality_rules.change(connection, devices.tenant_id(connection, tenant), kind, changes)
        connection.commit()
    typer.echo(f"{tenant}: {kind} set")


@app.command("flagged")
def show_flagged(
    tenant: Tenant,
    device: Annotated[str, typer.Option("--device", help="Its level in topics.")],
    days: Days = 7,
    most: Most = 100,
) -> None:
    """Print the fixes of a device that are left out of everything, the newest first, with the reasons."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    with _open() as connection:
        owner = devices.tenant_id(connection, tenant)
        rows = quality_rules.flagged(connection, owner, device, since=since, most=most)
    for row in rows:
        reasons = " ".join(fix_quality.reasons(row["quality"]))
        odd = " ".join(name for name in ("late", "out_of_order") if row[name])
        receipt = f"received {row['received_at'].isoformat()} {odd}".rstrip()
        typer.echo(f"{row['time'].isoformat()}\t{row['lat']:.6f}\t{row['lon']:.6f}\t{reasons}\t{receipt}")


@app.command("receipts")
def show_receipts(tenant: Tenant, days: Days = 7, most: Most = 100) -> None:
    """Print what was odd about the receipts of each device: repetitions, disorder, lateness, the future."""
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)
    with _open() as connection:
        rows = quality_rules.odd_receipts(connection, devices.tenant_id(connection, tenant), since=since, most=most)
    for row in rows:
        names = ("duplicates", "out_of_order", "late", "future")
        typer.echo("\t".join([row["name"], *(f"{name} {row[name]}" for name in names)]))


def _change(told: str) -> tuple[str, float | dt.datetime | None]:
    name, _, value = told.partition("=")
    if name not in quality_rules.NAMES:
        raise errors.DatabaseError(f"{name!r} is none of {', '.join(quality_rules.NAMES)}")
    try:
        if value == "default":
            return name, None
        if name == "floor":
            return name, dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0.0 < number < math.inf:
        wanted = "a day like 2020-02-01" if name == "floor" else "a number above 0"
        raise errors.DatabaseError(f"{name}: {value!r} is not {wanted}")
    return name, number


def _word(value: float | dt.datetime) -> str:
    return f"{value:g}" if isinstance(value, float) else value.date().isoformat()


@contextmanager
def _open() -> Iterator[sa.Connection]:
    with engine.connect(settings.Settings.from_env(os.environ).database_url) as connection:
        yield connection

"""`python -m db quarantine …`: senders whose device nobody has registered."""

import datetime as dt
import getpass
import os
from typing import Annotated

import typer

from db import devices, engine, quarantine, settings

app = typer.Typer(help="Quarantine: senders whose device nobody has registered.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]
Device = Annotated[str, typer.Argument(help="Its level in topics.")]


@app.command("list")
def list_waiting(
    tenant: Tenant,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were dismissed as well.")] = False,
) -> None:
    """Print who waits to be adopted, one a line: name, first and last seen, messages, topic of the last."""
    with engine.connect(_database_url()) as connection:
        found = quarantine.waiting(connection, devices.tenant_id(connection, tenant), with_dismissed=every)
    for each in found:
        times = "\t".join(time.isoformat(timespec="seconds") for time in (each.first_seen, each.last_seen))
        dismissed = f"\tdismissed by {each.dismissed_by}" if each.dismissed_by else ""
        typer.echo(f"{each.device}\t{times}\t{each.messages}\t{each.last_topic}{dismissed}")


@app.command("adopt")
def adopt(
    device: Device,
    tenant: Tenant,
    kind: Annotated[str, typer.Option(help="gateway, tracker or phone.")] = "phone",
    label: Annotated[str | None, typer.Option(help="What people call it.")] = None,
) -> None:
    """Register a device that waits; its data flows from now on."""
    with engine.connect(_database_url()) as connection:
        adopted = quarantine.adopt(
            connection,
            devices.tenant_id(connection, tenant),
            device,
            by=getpass.getuser(),
            now=dt.datetime.now(dt.UTC),
            kind=kind,
            label=label,
        )
        connection.commit()
    typer.echo(f"{tenant}/{device} is in service")
    if adopted.kept_rejects:
        typer.echo(
            f"{adopted.kept_rejects} of its messages are among the rejects: "
            f"python -m ingest replay-rejects --tenant {tenant} --device {device}",
            err=True,
        )


@app.command("dismiss")
def dismiss(device: Device, tenant: Tenant) -> None:
    """Put a sender out of sight; it stays refused and counted."""
    with engine.connect(_database_url()) as connection:
        owner = devices.tenant_id(connection, tenant)
        quarantine.dismiss(connection, owner, device, by=getpass.getuser(), now=dt.datetime.now(dt.UTC))
        connection.commit()
    typer.echo(f"{tenant}/{device} dismissed")


def _database_url() -> str:
    return settings.Settings.from_env(os.environ).database_url

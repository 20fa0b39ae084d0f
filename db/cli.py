"""The command line: `python -m db …`."""

import csv
import datetime as dt
import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psycopg
import sqlalchemy as sa
import typer

from db import (
    access,
    audit,
    check,
    device_codes,
    devices,
    editions,
    engine,
    errors,
    fence_cli,
    fence_history_cli,
    migrate,
    quality_cli,
    quarantine_cli,
    registries,
    registry_cli,
    settings,
    token_cli,
    user_cli,
)
from db.seed import demo
from domain import errors as domain_errors

app = typer.Typer(
    help="The database: its schema, its demo's people and its devices. DATABASE_URL says where it is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tenant_app = typer.Typer(help="Tenants: the companies that share a database.", no_args_is_help=True)
device_app = typer.Typer(help="Devices: who may send for a tenant.", no_args_is_help=True)
app.add_typer(tenant_app, name="tenant")
app.add_typer(device_app, name="device")
app.add_typer(user_cli.app, name="user")
app.add_typer(fence_cli.app, name="fence")
app.add_typer(quality_cli.app, name="quality")
app.add_typer(quarantine_cli.app, name="quarantine")
app.add_typer(registry_cli.fob_app, name="fob")
app.add_typer(registry_cli.vehicle_app, name="vehicle")
app.add_typer(registry_cli.person_app, name="person")
fence_cli.app.command("visits")(fence_history_cli.list_visits)
fence_cli.app.command("events")(fence_history_cli.list_events)
device_app.command("token")(token_cli.device_token)
registry_cli.add_common_commands(device_app, registries.Kind.DEVICE)
tenant_app.command("duty-only")(registry_cli.duty_only)

_NOT_THERE = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)

_SERVER = "https://fleet.example.org"

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]


def main() -> None:
    """Run a command; what a person can mend is told in a sentence."""
    try:
        app()
    except (errors.DatabaseError, domain_errors.DomainError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        said = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        hint = "\nIs the schema up to date? `python -m db check`" if isinstance(said, _NOT_THERE) else ""
        typer.echo(f"error: the database says: {str(said).strip()}{hint}", err=True)
        sys.exit(1)


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="Revision to come to.")] = migrate.HEAD) -> None:
    """Bring the schema up to date, set the roles' passwords and the edition's policies."""
    chosen = current_settings()
    with engine.connect(chosen.database_url) as connection:
        before = migrate.current(connection)
        connection.rollback()
        migrate.upgrade(connection, revision)
        access.set_passwords(connection, chosen.passwords)
        after = migrate.current(connection)
        if after == migrate.head():
            editions.apply_policies(connection, keep_fixes_days=chosen.keep_fixes_days)
    typer.echo(f"schema at {after}" + (" already" if before == after else f", was {before or 'empty'}"))


@app.command()
def downgrade(revision: Annotated[str, typer.Argument(help="Revision to go back to, or `base`.")]) -> None:
    """Take the schema back; what the steps in between hold is lost."""
    with engine.connect(current_settings().database_url) as connection:
        migrate.downgrade(connection, revision)
        typer.echo(f"schema at {migrate.current(connection) or 'base'}")


@app.command()
def revision(message: Annotated[str, typer.Argument(help="What the step does, in a few words.")]) -> None:
    """Draft the next migration from the difference between the tables and the database (docs/database.md)."""
    with engine.connect(current_settings().database_url) as connection:
        typer.echo(f"look it through: {migrate.make_revision(connection, message)}")


@app.command()
def seed(
    *,
    planted: Annotated[bool, typer.Option("--demo", help="Plant the demo's two companies.")] = False,
    units: Annotated[int, typer.Option(min=1, max=99_999, help="Vehicles and guards of both companies.")] = 200,
    gateways: Annotated[int, typer.Option(min=0, max=99, help="How many of them are vans with a real gateway.")] = 3,
) -> None:
    """Plant data; what is there already stays as it is."""
    if not planted:
        raise errors.DatabaseError("nothing to plant: give --demo (devices of your own: `python -m db device add`)")
    with engine.connect(current_settings().database_url) as connection:
        added = demo.plant(connection, units=units, gateways=gateways)
    typer.echo("new: " + ", ".join(f"{count} {table}" for table, count in added.items()))


@app.command("check")
def check_database() -> None:
    """Look at versions, migrations, roles and row-level security; exit code 1 where something is wrong."""
    with engine.connect(current_settings().database_url) as connection:
        findings = check.run(connection)
    for finding in findings:
        typer.echo(f"{'ok   ' if finding.is_right else 'WRONG'}  {finding.subject}: {finding.detail}")
    if not all(finding.is_right for finding in findings):
        raise typer.Exit(1)


@tenant_app.command("add")
def add_tenant(
    slug: Annotated[str, typer.Argument(help="Its level in topics.")],
    name: Annotated[str | None, typer.Option(help="What people call it; default: the slug.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name, as Europe/Helsinki.")] = "UTC",
) -> None:
    """Register a tenant."""
    with engine.connect(current_settings().database_url) as connection:
        if not devices.add_tenant(connection, slug, name=name or slug, time_zone=time_zone):
            raise errors.DatabaseError(f"there is a tenant {slug!r} already")
        connection.commit()
    typer.echo(f"tenant {slug} added")


@device_app.command("add")
def add_devices(
    tenant: Tenant,
    names: Annotated[list[str] | None, typer.Argument(help="Their level in topics.")] = None,
    kind: Annotated[str, typer.Option(help="gateway, tracker or phone.")] = "tracker",
    file: Annotated[
        Path | None, typer.Option("--csv", help="Table with columns name and, if known, kind, label.")
    ] = None,
) -> None:
    """Register devices, those of a file as well; known ones stay as they are."""
    wanted = [devices.NewDevice(name=name, kind=kind) for name in names or []]
    if file is not None:
        wanted += _read_devices(file, kind)
    if not wanted:
        raise errors.DatabaseError("no device named: give names or --csv FILE")
    with engine.connect(current_settings().database_url) as connection:
        owner = devices.tenant_id(connection, tenant)
        added = devices.add(connection, owner, wanted)
        names_told = [device.name for device in wanted]
        audit.record(
            connection, owner, audit.Act.REGISTERED, "devices", actor=audit.by_user(), names=names_told, new=added
        )
        connection.commit()
    typer.echo(f"{added} of {len(wanted)} devices are new")


@device_app.command("list")
def list_devices(tenant: Tenant) -> None:
    """Print the names of a tenant's devices in service, one a line."""
    with engine.connect(current_settings().database_url) as connection:
        devices.tenant_id(connection, tenant)
        registry = devices.load(connection)
    for slug, name in sorted(registry.devices):
        if slug == tenant:
            typer.echo(name)


@device_app.command("code")
def make_device_code(
    tenant: Tenant,
    device: Annotated[str, typer.Option("--device", help="Its level in topics.")],
    *,
    create: Annotated[bool, typer.Option("--create", help="Register it as a gateway if it is not there.")] = False,
    server: Annotated[str, typer.Option("--server", help="Where the box finds the web server.")] = _SERVER,
) -> None:
    """Print a one-time code, good for a day, by which a box gets its password, and the command to run there."""
    with engine.connect(current_settings().database_url) as connection:
        owner = devices.tenant_id(connection, tenant)
        if create:
            devices.add(connection, owner, [devices.NewDevice(name=device, kind="gateway")])
        made = device_codes.add(connection, tenant, device, created_by=_administrator(), now=dt.datetime.now(dt.UTC))
        connection.commit()
    typer.echo(made)
    typer.echo(f"on the box: python -m gateway provision --server {server.rstrip('/')} --code {made}", err=True)


def _administrator() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as a container may have
        return f"uid {os.getuid()}"


@device_app.command("retire")
def retire_device(tenant: Tenant, name: Annotated[str, typer.Argument()]) -> None:
    """Take a device out of service and off whoever has it; what it sent stays."""
    with engine.connect(current_settings().database_url) as connection:
        owner, kind = devices.tenant_id(connection, tenant), registries.Kind.DEVICE
        key = registries.find(connection, owner, kind, name)
        ended = registries.retire(connection, owner, kind, key, at=dt.datetime.now(dt.UTC), by=getpass.getuser())
        what = registries.subject(kind, key, name)
        audit.record(connection, owner, audit.Act.RETIRED, what, actor=audit.by_user(), ended=ended)
        connection.commit()
    typer.echo(f"{tenant}/{name} retired")


def current_settings() -> settings.Settings:
    """Read the settings of this process's environment."""
    return settings.Settings.from_env(os.environ)


def _read_devices(file: Path, kind: str) -> Iterator[devices.NewDevice]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            if "name" not in (table.fieldnames or ()):
                raise errors.DatabaseError(f"{file}: the first line must name the columns, and one must be `name`")
            for row in table:
                yield devices.NewDevice(name=row["name"], kind=row.get("kind") or kind, label=row.get("label") or None)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise errors.DatabaseError(f"{file}: {error}") from None

"""`python -m db fence …`: the fences of a tenant."""

import json
import os
import uuid
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
import uuid_utils.compat

from db import devices, engine, errors, fence_options, fence_words, geofences, settings, tables
from domain import fence_forms, fences

app = typer.Typer(
    help="Geofences: what is watched, for whom, by which rules (docs/geofences.md).", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]
Name = Annotated[str, typer.Argument(help="What people call it.")]
GeoJson = Annotated[Path | None, typer.Option("--geojson", help="File with a GeoJSON geometry or one feature.")]
Wkt = Annotated[str | None, typer.Option("--wkt", help="Outline as WKT, longitude first.")]
Circle = Annotated[str | None, typer.Option("--circle", help="LATITUDE,LONGITUDE,RADIUS in metres.")]
Corridor = Annotated[str | None, typer.Option("--corridor", help="LATITUDE,LONGITUDE of each point, blanks between.")]
Width = Annotated[float | None, typer.Option("--width-m", help="Width of a corridor.")]
Kind = Annotated[
    str | None, typer.Option("--kind", help="depot, customer, patrol_site, parking, stand, zone or other.")
]
Hours = Annotated[
    str | None,
    typer.Option(
        "--hours", help="In force, as `22:00-06:00` or `1-5 08:00-18:00 Europe/Paris` (1 is Monday), or `always`."
    ),
]
ValidFrom = Annotated[str | None, typer.Option("--valid-from", help="First local day, as 2026-03-01, or `none`.")]
ValidUntil = Annotated[str | None, typer.Option("--valid-until", help="Last local day, or `none`.")]
Floor = Annotated[str | None, typer.Option("--floor-m", help="Altitude from which on it counts, or `none`.")]
Ceiling = Annotated[str | None, typer.Option("--ceiling-m", help="Altitude up to which it counts, or `none`.")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="NAME=VALUE, as dwell_s=600 or absence=22:00-06:00.")]
ForDevices = Annotated[list[str] | None, typer.Option("--device", help="Look at this device; may be repeated.")]
ForVehicles = Annotated[list[str] | None, typer.Option("--vehicle", help="Look at what is in this vehicle.")]
ForPeople = Annotated[list[uuid.UUID] | None, typer.Option("--person", help="Look at what this person carries (id).")]
ForGroups = Annotated[list[str] | None, typer.Option("--group", help="Look at the devices of this group.")]
ForAll = Annotated[bool, typer.Option("--all", help="Look at all devices of the tenant again.")]


@app.command("add")
def add_fence(  # noqa: PLR0913 - the options of a command
    name: Name,
    tenant: Tenant,
    *,
    geojson: GeoJson = None,
    wkt: Wkt = None,
    circle: Circle = None,
    corridor: Corridor = None,
    width_m: Width = None,
    kind: Kind = None,
    hours: Hours = None,
    valid_from: ValidFrom = None,
    valid_until: ValidUntil = None,
    floor_m: Floor = None,
    ceiling_m: Ceiling = None,
    rule: Rules = None,
    device: ForDevices = None,
    vehicle: ForVehicles = None,
    person: ForPeople = None,
    group: ForGroups = None,
) -> None:
    """Watch a fence, of all devices if nobody is named."""
    shape = fence_options.shape(geojson, wkt, circle, corridor, width_m)
    if not shape:
        raise errors.DatabaseError("where is it? give --geojson, --wkt, --circle or --corridor")
    days = {"valid_from": valid_from, "valid_until": valid_until}
    given = {"kind": kind, "hours": hours, **days, "floor_m": floor_m, "ceiling_m": ceiling_m}
    form = {"name": name, **shape, **fence_options.conditions(given), "rules": fence_options.rules(rule or [])}
    with engine.connect(_database_url()) as connection:
        fence = _save(connection, tenant, uuid_utils.compat.uuid7(), form)
        named = fence_options.whom(device, vehicle, person, group)
        geofences.assign(connection, fence.id, named, tenant_id=fence.tenant_id)
        connection.commit()
    typer.echo(f"geofence {fence.name} added: {fence.id}")


@app.command("list")
def list_fences(
    tenant: Tenant,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Each as the API takes it, one a line.")] = False,
) -> None:
    """Print a tenant's fences, one a line: name, kind, shape, hours, days, altitudes, rules, whom it looks at."""
    with engine.connect(_database_url()) as connection:
        tenant_id = devices.tenant_id(connection, tenant)
        found = geofences.of_tenant(connection, tenant_id)
        whom = geofences.whom(connection, tenant_id)
    for fence in found:
        named = whom.get(fence.id, geofences.ALL)
        if as_json:
            form = {**fence_forms.form_of(fence), "assigned_to": geofences.form_of_whom(named)}
            typer.echo(json.dumps({"id": str(fence.id), **form}, ensure_ascii=False))
        else:
            typer.echo(fence_words.line(fence, named))


@app.command("edit")
def edit_fence(  # noqa: PLR0913 - the options of a command
    name: Name,
    tenant: Tenant,
    *,
    new_name: Annotated[str | None, typer.Option("--name", help="What it is called from now on.")] = None,
    geojson: GeoJson = None,
    wkt: Wkt = None,
    circle: Circle = None,
    corridor: Corridor = None,
    width_m: Width = None,
    kind: Kind = None,
    hours: Hours = None,
    valid_from: ValidFrom = None,
    valid_until: ValidUntil = None,
    floor_m: Floor = None,
    ceiling_m: Ceiling = None,
    rule: Rules = None,
    device: ForDevices = None,
    vehicle: ForVehicles = None,
    person: ForPeople = None,
    group: ForGroups = None,
    look_at_all: ForAll = False,
) -> None:
    """Change what is given of a fence; the rest stays.

    `--hours always`, `--rule NAME=` and `none` for a day or an altitude take back what there was.
    """
    shape = fence_options.shape(geojson, wkt, circle, corridor, width_m)
    days = {"valid_from": valid_from, "valid_until": valid_until}
    given = {"kind": kind, "hours": hours, **days, "floor_m": floor_m, "ceiling_m": ceiling_m}
    change = {**shape, **fence_options.conditions(given)}
    with engine.connect(_database_url()) as connection:
        before = _named(connection, tenant, name)
        form = fence_forms.form_of(before)
        if shape:
            form |= {"radius_m": None, "width_m": None}
        form |= change | ({"name": new_name} if new_name else {})
        form["rules"] = {**form["rules"], **fence_options.rules(rule or [])}
        fence = _save(connection, tenant, before.id, form)
        named = fence_options.whom(device, vehicle, person, group)
        if look_at_all or named != geofences.ALL:
            geofences.assign(connection, fence.id, named, tenant_id=fence.tenant_id)
        connection.commit()
    typer.echo(f"geofence {fence.name} changed")


@app.command("remove")
def remove_fence(name: Name, tenant: Tenant) -> None:
    """Watch a fence no more; what happened at it stays."""
    with engine.connect(_database_url()) as connection:
        fence = _named(connection, tenant, name)
        geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
        connection.commit()
    typer.echo(f"geofence {name} removed")


@app.command("group")
def set_group(
    name: Annotated[str, typer.Argument(help="What the group is called.")],
    names: Annotated[list[str], typer.Argument(help="Its devices, all of them.")],
    tenant: Tenant,
) -> None:
    """Make a group of devices, or change who is in it."""
    with engine.connect(_database_url()) as connection:
        geofences.save_group(connection, name, names, tenant_id=devices.tenant_id(connection, tenant))
        connection.commit()
    typer.echo(f"group {name}: {len(set(names))} devices")


def _save(connection: sa.Connection, tenant: str, fence_id: uuid.UUID, form: dict[str, Any]) -> fences.Geofence:
    tenant_id = devices.tenant_id(connection, tenant)
    query = sa.select(tables.tenant.c.time_zone).where(tables.tenant.c.id == tenant_id)
    zone = connection.execute(query).scalar_one()
    fence = fence_forms.fence_of(form, fence_id=fence_id, tenant_id=tenant_id, zone=zone)
    geofences.save(connection, fence)
    return fence


def _named(connection: sa.Connection, tenant: str, name: str) -> fences.Geofence:
    found = geofences.of_tenant(connection, devices.tenant_id(connection, tenant))
    for fence in found:
        if fence.name == name:
            return fence
    raise errors.DatabaseError(f"{tenant} has no geofence {name!r}")


def _database_url() -> str:
    return settings.Settings.from_env(os.environ).database_url

"""`python -m db fence …`: the fences of a tenant."""

import json
import os
import uuid
from pathlib import Path
from typing import Annotated, Any

import shapely
import shapely.errors
import sqlalchemy as sa
import typer
import uuid_utils.compat

from db import devices, engine, errors, geofences, settings, tables
from domain import fence_forms, fence_shapes, fences

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
    str | None, typer.Option("--hours", help="In force, as `22:00-06:00` or `1-5 08:00-18:00` (1 is Monday).")
]
ValidFrom = Annotated[str | None, typer.Option("--valid-from", help="First local day, as 2026-03-01.")]
ValidUntil = Annotated[str | None, typer.Option("--valid-until", help="Last local day.")]
Floor = Annotated[float | None, typer.Option("--floor-m", help="Altitude from which on it counts.")]
Ceiling = Annotated[float | None, typer.Option("--ceiling-m", help="Altitude up to which it counts.")]
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
    shape = _shape(geojson, wkt, circle, corridor, width_m)
    if not shape:
        raise errors.DatabaseError("where is it? give --geojson, --wkt, --circle or --corridor")
    form = {"name": name, **shape, **_options(kind, hours, valid_from, valid_until, floor_m, ceiling_m)}
    form["rules"] = _rules(rule or [])
    with engine.connect(_database_url()) as connection:
        fence = _save(connection, tenant, uuid_utils.compat.uuid7(), form)
        geofences.assign(connection, fence.id, _whom(device, vehicle, person, group), tenant_id=fence.tenant_id)
        connection.commit()
    typer.echo(f"geofence {fence.name} added: {fence.id}")


@app.command("list")
def list_fences(
    tenant: Tenant,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Each as the API takes it, one a line.")] = False,
) -> None:
    """Print a tenant's fences, one a line: name, kind, shape, hours, rules, whom it looks at."""
    with engine.connect(_database_url()) as connection:
        tenant_id = devices.tenant_id(connection, tenant)
        found = geofences.of_tenant(connection, tenant_id)
        whom = geofences.whom(connection, tenant_id)
    for fence in found:
        form = fence_forms.form_of(fence)
        named = whom.get(fence.id, geofences.ALL)
        if as_json:
            shown = {"id": str(fence.id), **form, "assigned_to": geofences.form_of_whom(named)}
            typer.echo(json.dumps(shown, ensure_ascii=False))
            continue
        looked_at = [*named.devices, *named.vehicles, *map(str, named.people), *named.groups] or ["all"]
        said = (
            fence.name,
            fence.kind,
            _said_shape(fence.shape),
            json.dumps(form["schedule"]) if form["schedule"] else "always",
            json.dumps(form["rules"]),
            ", ".join(looked_at),
        )
        typer.echo("\t".join(said))


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
    """Change what is given of a fence; the rest stays. `--hours always` and `--rule NAME=` take a rule away."""
    shape = _shape(geojson, wkt, circle, corridor, width_m)
    change = {**shape, **_options(kind, hours, valid_from, valid_until, floor_m, ceiling_m)}
    with engine.connect(_database_url()) as connection:
        before = _named(connection, tenant, name)
        form = fence_forms.form_of(before)
        if shape:
            form |= {"radius_m": None, "width_m": None}
        form |= change | ({"name": new_name} if new_name else {})
        form["rules"] = {**form["rules"], **_rules(rule or [])}
        fence = _save(connection, tenant, before.id, form)
        named = _whom(device, vehicle, person, group)
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


def _shape(
    geojson: Path | None, wkt: str | None, circle: str | None, corridor: str | None, width_m: float | None
) -> dict[str, Any]:
    given = [option for option in (geojson, wkt, circle, corridor) if option is not None]
    if len(given) > 1:
        raise errors.DatabaseError("give one of --geojson, --wkt, --circle and --corridor")
    width = {} if width_m is None else {"width_m": width_m}
    if geojson is not None:
        return {**_read_geojson(geojson), **width}
    if wkt is not None:
        return {"geometry": _read_wkt(wkt), **width}
    if circle is not None:
        lat, lon, radius_m = _numbers(circle, 3, "--circle is LATITUDE,LONGITUDE,RADIUS")
        return {"geometry": {"type": "Point", "coordinates": [lon, lat]}, "radius_m": radius_m}
    if corridor is not None:
        pairs = [_numbers(pair, 2, "--corridor is LATITUDE,LONGITUDE of each point") for pair in corridor.split()]
        line = [[lon, lat] for lat, lon in pairs]
        return {"geometry": {"type": "LineString", "coordinates": line}, **width}
    return width


def _read_geojson(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise errors.DatabaseError(f"{file}: {error}") from None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise errors.DatabaseError(f"{file}: a collection with one feature is wanted")
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        own = found.get("properties") or {}
        numbers = {name: own[name] for name in ("radius_m", "width_m") if name in own}
        return {"geometry": found.get("geometry"), **numbers}
    return {"geometry": found}


def _read_wkt(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(shapely.to_geojson(shapely.from_wkt(text)))
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise errors.DatabaseError(f"--wkt: {error}") from None
    return found


def _numbers(text: str, count: int, wanted: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise errors.DatabaseError(f"{wanted}, not {text!r}")
    return numbers


def _options(
    kind: str | None,
    hours: str | None,
    valid_from: str | None,
    valid_until: str | None,
    floor_m: float | None,
    ceiling_m: float | None,
) -> dict[str, Any]:
    given = {
        "kind": kind,
        "schedule": None if hours is None else _hours(hours),
        "valid_from": valid_from,
        "valid_until": valid_until,
        "floor_m": floor_m,
        "ceiling_m": ceiling_m,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    return chosen | ({"schedule": None} if hours == "always" else {})


def _hours(text: str) -> dict[str, Any] | None:
    if text in ("always", ""):
        return None
    days, _, clock = text.rpartition(" ")
    begin, dash, end = clock.partition("-")
    if not dash:
        raise errors.DatabaseError(f"hours are as `22:00-06:00` or `1-5 08:00-18:00`, not {text!r}")
    return {"from": begin, "to": end} | ({"days": _days(days)} if days else {})


def _days(text: str) -> list[int]:
    days: list[int] = []
    try:
        for part in text.replace(" ", "").split(","):
            first, dash, last = part.partition("-")
            days += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise errors.DatabaseError(f"days are as 1-5 or 1,3,7, not {text!r}") from None
    return days


def _rules(given: list[str]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for rule in given:
        name, equals, value = rule.partition("=")
        if not equals:
            raise errors.DatabaseError(f"a rule is NAME=VALUE, not {rule!r}")
        if name in ("absence", "guard"):
            read[name] = _hours(value)
        else:
            read[name] = _value(name, value)
    return read


def _value(name: str, text: str) -> Any:
    if not text:
        return getattr(fences.Rules(), name, None)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise errors.DatabaseError(f"{name} is a number, or true or false, not {text!r}") from None


def _whom(
    named: list[str] | None, vehicles: list[str] | None, people: list[uuid.UUID] | None, groups: list[str] | None
) -> geofences.Whom:
    return geofences.Whom(
        devices=tuple(named or ()),
        vehicles=tuple(vehicles or ()),
        people=tuple(people or ()),
        groups=tuple(groups or ()),
    )


def _said_shape(shape: fence_shapes.Shape) -> str:
    match shape:
        case fence_shapes.Circle():
            return f"circle of {shape.radius_m:g} m around {shape.centre.lat:.6f},{shape.centre.lon:.6f}"
        case fence_shapes.Corridor():
            return f"corridor of {len(shape.line)} points, {shape.width_m:g} m wide"
        case fence_shapes.Polygons(parts=parts):
            corners = sum(len(part.shell) for part in parts)
            return f"polygon of {corners} corners" if len(parts) == 1 else f"{len(parts)} polygons of {corners} corners"


def _database_url() -> str:
    return settings.Settings.from_env(os.environ).database_url

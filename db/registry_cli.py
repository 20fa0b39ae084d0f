"""`python -m db fob|vehicle|person …` and what `device` has of the same: who and what is registered, and who has what when."""

import datetime as dt
import getpass
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
import typer

from db import assignments, audit, devices, duty, engine, registries, settings
from domain import assignments as rules

fob_app = typer.Typer(help="Fobs: panic buttons, and who has them.", no_args_is_help=True)
vehicle_app = typer.Typer(help="Vehicles: what devices are in and people have.", no_args_is_help=True)
person_app = typer.Typer(
    help="People: who carries devices and fobs, has vehicles and is on duty.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]
Name = Annotated[str, typer.Argument(help="Name of a device or vehicle, code of a fob, id or whole name of a person.")]
Since = Annotated[str | None, typer.Option("--since", help="From when, as 2026-03-01T08:00:00+02:00; default: now.")]
Until = Annotated[str | None, typer.Option("--until", help="Up to when; default: until it is another's or released.")]
At = Annotated[str | None, typer.Option("--at", help="When, as 2026-03-01T08:00:00+02:00; default: now.")]
Person = Annotated[str | None, typer.Option("--person", help="Who has it: id or whole name.")]
Vehicle = Annotated[str | None, typer.Option("--vehicle", help="What it is in: name of the vehicle.")]
Retired = Annotated[bool, typer.Option("--all", help="Those out of service as well.")]


def add_common_commands(app: typer.Typer, kind: registries.Kind) -> None:
    """Give an application the commands that all registries have."""

    @app.command("history")
    def history(name: Name, tenant: Tenant) -> None:
        """Print who had what, one a line, the newest first: since, until, the two, by whom."""
        with _tenant(tenant) as (connection, owner):
            key = registries.find(connection, owner, kind, name, with_retired=True)
            for line in registries.history(connection, owner, kind, key):
                two = [str(each) for each in (line.device, line.fob, line.person, line.vehicle) if each]
                by = " ".join(filter(None, (line.assigned_by, line.ended_by)))
                typer.echo("\t".join((_time(line.since), _time(line.until), *two, by)))

    if kind is not registries.Kind.DEVICE:
        _add_list_and_retire(app, kind)
    if kind is not registries.Kind.VEHICLE:
        _add_assign_and_release(app, rules.Thing(kind))


def _add_list_and_retire(app: typer.Typer, kind: registries.Kind) -> None:
    @app.command("list")
    def show(tenant: Tenant, *, every: Retired = False) -> None:
        """Print them with who or what has each now, one a line."""
        now = dt.datetime.now(dt.UTC)
        with _tenant(tenant) as (connection, owner):
            for row in registries.listed(connection, owner, kind, now=now, with_retired=every):
                columns = {name: value for name, value in row.items() if name not in {"person_id", "vehicle_id"}}
                typer.echo("\t".join(_word(name, value) for name, value in columns.items()))

    @app.command("retire")
    def retire(name: Name, tenant: Tenant) -> None:
        """Take one out of service, with all that it has or that has it; what was stays."""
        with _tenant(tenant) as (connection, owner):
            key = registries.find(connection, owner, kind, name)
            ended = registries.retire(connection, owner, kind, key, at=dt.datetime.now(dt.UTC), by=getpass.getuser())
            _note(connection, owner, audit.Act.RETIRED, registries.subject(kind, key, name), ended=ended)
        typer.echo(f"{kind} {name} retired; {ended} assignments have ended")


def _add_assign_and_release(app: typer.Typer, kind: rules.Thing) -> None:
    @app.command("assign")
    def assign(
        name: Name,
        tenant: Tenant,
        *,
        person: Person = None,
        vehicle: Vehicle = None,
        since: Since = None,
        until: Until = None,
    ) -> None:
        """Give it to a person or put it into a vehicle, from a time on; whoever had it then has it until then."""
        if (person is None) == (vehicle is None):
            raise typer.BadParameter("give --person or --vehicle")
        to = registries.Kind.PERSON if person is not None else registries.Kind.VEHICLE
        with _tenant(tenant) as (connection, owner):
            holder = _id(registries.find(connection, owner, to, person or vehicle or ""))
            thing = _thing(connection, owner, kind, name)
            begins, ends = _instant(since) or dt.datetime.now(dt.UTC), _instant(until)
            had_by = assignments.Holder(kind=rules.Holder(to), id=holder)
            has_changed = assignments.assign(
                connection, owner, thing, had_by, since=begins, until=ends, by=getpass.getuser()
            )
            if has_changed:
                what = registries.subject(registries.Kind(kind), thing.key, name)
                _note(connection, owner, audit.Act.ASSIGNED, what, to=f"{to} {holder}", since=begins, until=ends)
        typer.echo(f"{kind} {name} is {'now' if has_changed else 'already'} assigned to {to} {person or vehicle}")

    @app.command("release")
    def release(
        name: Name,
        tenant: Tenant,
        of: Annotated[rules.Holder, typer.Option("--of", help="Whether a person or a vehicle has it.")],
        at: At = None,
    ) -> None:
        """End what its person or its vehicle has."""
        when = _instant(at) or dt.datetime.now(dt.UTC)
        with _tenant(tenant) as (connection, owner):
            thing = _thing(connection, owner, kind, name)
            if not assignments.release(connection, owner, thing, of, at=when, by=getpass.getuser()):
                raise rules.NotFoundError(f"no {of} has {kind} {name} then")
            what = registries.subject(registries.Kind(kind), thing.key, name)
            _note(connection, owner, audit.Act.RELEASED, what, of=str(of), until=when)
        typer.echo(f"{kind} {name} is released")


@fob_app.command("add")
def add_fobs(
    codes: Annotated[list[str], typer.Argument(help="What the buttons call themselves.")], tenant: Tenant
) -> None:
    """Register fobs, or put them into service again."""
    with _tenant(tenant) as (connection, owner):
        for code in codes:
            registries.add_fob(connection, owner, code)
            _note(connection, owner, audit.Act.REGISTERED, f"fob {code}", name=code)
    typer.echo(f"{len(codes)} fobs added")


@vehicle_app.command("add")
def add_vehicle(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    tenant: Tenant,
    kind: Annotated[str, typer.Option(help="car, van, motorcycle, bicycle, bus, truck or other.")] = "car",
    plate: Annotated[str | None, typer.Option(help="Its number plate.")] = None,
) -> None:
    """Register a vehicle, or put it into service again; print its id."""
    with _tenant(tenant) as (connection, owner):
        typer.echo(registries.add_vehicle(connection, owner, name, kind=kind, plate=plate))
        _note(connection, owner, audit.Act.REGISTERED, f"vehicle {name}", name=name)


@person_app.command("add")
def add_person(
    first_name: Annotated[str, typer.Argument()],
    last_name: Annotated[str, typer.Argument()],
    tenant: Tenant,
    kind: Annotated[str, typer.Option(help="vtc_driver, security_guard, courier, dispatcher or supervisor.")],
    phone: Annotated[str | None, typer.Option(help="Their telephone number.")] = None,
) -> None:
    """Register a person; print the id."""
    with _tenant(tenant) as (connection, owner):
        made = registries.add_person(connection, owner, first_name, last_name, kind=kind, phone=phone)
        _note(connection, owner, audit.Act.REGISTERED, f"person {made}", name=f"{first_name} {last_name}")
        typer.echo(made)


@person_app.command("duty")
def set_duty(
    name: Name,
    tenant: Tenant,
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether the duty begins or ends.")],
    at: At = None,
) -> None:
    """Say that a person's duty begins or ends."""
    when = _instant(at) or dt.datetime.now(dt.UTC)
    with _tenant(tenant) as (connection, owner):
        person_id = _id(registries.find(connection, owner, registries.Kind.PERSON, name))
        change = duty.begin if on else duty.end
        has_changed = change(connection, owner, person_id, at=when, by=getpass.getuser())
        if has_changed:
            act = audit.Act.DUTY_BEGUN if on else audit.Act.DUTY_ENDED
            _note(connection, owner, act, f"person {person_id}", at=when)
    typer.echo(f"{name} is {'now' if has_changed else 'already'} {'on' if on else 'off'} duty")


def duty_only(
    slug: Annotated[str, typer.Argument(help="Slug of the tenant.")],
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether nothing is kept of people off duty.")],
) -> None:
    """Keep the positions of people on duty alone, or of everybody; presses are always kept."""
    with _tenant(slug) as (connection, owner):
        duty.keep_only_on_duty(connection, owner, only=on)
        _note(connection, owner, audit.Act.DUTY_ONLY_SET, "tenant", only=on)
    typer.echo(f"{slug} keeps the positions of {'people on duty alone' if on else 'everybody'}")


@contextmanager
def _tenant(slug: str) -> Iterator[tuple[sa.Connection, uuid.UUID]]:
    with engine.connect(settings.Settings.from_env(os.environ).database_url) as connection:
        yield connection, devices.tenant_id(connection, slug)
        connection.commit()


def _note(connection: sa.Connection, owner: uuid.UUID, act: audit.Act, subject: str, **detail: object) -> None:
    audit.record(connection, owner, act, subject, actor=audit.by_user(), **detail)


def _thing(connection: sa.Connection, owner: uuid.UUID, kind: rules.Thing, name: str) -> assignments.Thing:
    return assignments.Thing(kind=kind, key=registries.find(connection, owner, registries.Kind(kind), name))


def _id(key: assignments.Key) -> uuid.UUID:
    assert isinstance(key, uuid.UUID)
    return key


def _instant(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        raise rules.PeriodError(f"{text!r} is no time like 2026-03-01T08:00:00+02:00") from None
    rules.require_period(time, None)
    return time


def _time(time: dt.datetime | None) -> str:
    return "-" if time is None else time.isoformat(timespec="seconds")


def _word(name: str, value: object) -> str:
    if name == "on_duty":
        return "on duty" if value else "off duty"
    if isinstance(value, dt.datetime):
        return f"retired {_time(value)}"
    return "-" if value is None else str(value)


for _app, _kind in (
    (fob_app, registries.Kind.FOB),
    (vehicle_app, registries.Kind.VEHICLE),
    (person_app, registries.Kind.PERSON),
):
    add_common_commands(_app, _kind)

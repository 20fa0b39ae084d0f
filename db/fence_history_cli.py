"""`python -m db fence visits` and `fence events`: what happened at the fences of a tenant."""

import dataclasses
import datetime as dt
import json
import os
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from db import audit, devices, engine, errors, fence_history, registries, settings
from domain import assignments, fences

Tenant = Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]
Device = Annotated[str | None, typer.Option("--device", help="Of this device alone, in service or not.")]
Fence = Annotated[str | None, typer.Option("--fence", help="At this fence alone, watched or not.")]
Since = Annotated[str | None, typer.Option("--since", help="From when, as 2026-03-01T08:00:00+02:00; default: a day.")]
Until = Annotated[str | None, typer.Option("--until", help="Up to when; default: now.")]
Most = Annotated[int, typer.Option("--most", min=1, max=100_000, help="So many lines at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="Each as the API has it, one a line.")]

Found = tuple[Sequence[fence_history.Visit | fence_history.Event], fence_history.Mark | None]
Read = Callable[[sa.Connection, uuid.UUID, fence_history.Wanted], Found]


def list_visits(
    tenant: Tenant,
    *,
    device: Device = None,
    fence: Fence = None,
    since: Since = None,
    until: Until = None,
    most: Most = 1000,
    as_json: AsJson = False,
) -> None:
    """Print the stays that lie within a time, the latest first: entry, exit, how long, device, fence, who, reasons."""
    for visit in _read(tenant, fence_history.visits, "visits", _wanted(since, until, most), device, fence):
        assert isinstance(visit, fence_history.Visit)
        lasted = "inside" if visit.duration_s is None else f"{visit.duration_s:.0f} s"
        reasons = f"{visit.enter_reason} {visit.exit_reason or '-'}"
        line = (_time(visit.entered_at), _time(visit.exited_at), lasted, *_whose(visit), reasons, _marks(visit))
        shown = {**dataclasses.asdict(visit), "duration_s": visit.duration_s}
        typer.echo(_json(shown) if as_json else "\t".join(line).rstrip())


def list_events(
    tenant: Tenant,
    *,
    device: Device = None,
    fence: Fence = None,
    kind: Annotated[fences.EventKind | None, typer.Option("--kind", help="Of this kind alone.")] = None,
    since: Since = None,
    until: Until = None,
    most: Most = 1000,
    as_json: AsJson = False,
) -> None:
    """Print what happened within a time, the latest first: when, what, why, device, fence, who, speed, decided when."""
    wanted = dataclasses.replace(_wanted(since, until, most), kind=kind)
    for event in _read(tenant, fence_history.events, "geofence events", wanted, device, fence):
        assert isinstance(event, fence_history.Event)
        speed = "-" if event.speed_mps is None else f"{event.speed_mps:.1f} m/s"
        whose, decided = _whose(event), f"decided {_time(event.decided_at)}"
        line = (_time(event.time), event.kind, event.reason, *whose, speed, decided, _marks(event))
        typer.echo(_json(dataclasses.asdict(event)) if as_json else "\t".join(line).rstrip())


def _read(
    tenant: str, read: Read, what: str, wanted: fence_history.Wanted, device: str | None, fence: str | None
) -> Sequence[fence_history.Visit | fence_history.Event]:
    """Read, and write into the audit that it was read; what can't be written there is not shown."""
    with engine.connect(settings.Settings.from_env(os.environ).database_url) as connection:
        owner = devices.tenant_id(connection, tenant)
        found, more = read(connection, owner, _narrowed(connection, owner, wanted, device, fence))
        subject = f"device {device}" if device else "all devices"
        detail = {"what": what, "geofence": fence, "since": wanted.since, "until": wanted.until}
        audit.record(connection, owner, audit.Act.TRACK_READ, subject, actor=audit.by_user(), **detail)
        connection.commit()
    if more is not None:
        typer.echo(f"these are the latest {wanted.most}: give --most, or another --until", err=True)
    return found


def _wanted(since: str | None, until: str | None, most: int) -> fence_history.Wanted:
    begin, end = fence_history.period(_instant(since), _instant(until), now=dt.datetime.now(dt.UTC))
    return fence_history.Wanted(since=begin, until=end, most=most)


def _narrowed(
    connection: sa.Connection, owner: uuid.UUID, wanted: fence_history.Wanted, device: str | None, fence: str | None
) -> fence_history.Wanted:
    if device is not None:
        found = registries.find(connection, owner, registries.Kind.DEVICE, device, with_retired=True)
        assert isinstance(found, int)
        wanted = dataclasses.replace(wanted, device_id=found)
    if fence is not None:
        fence_ids = fence_history.fence_ids(connection, owner, name=fence)
        if not fence_ids:
            raise errors.DatabaseError(f"there never was a geofence {fence!r}")
        wanted = dataclasses.replace(wanted, fence_ids=fence_ids)
    return wanted


def _instant(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise assignments.PeriodError(f"{text!r} is no time like 2026-03-01T08:00:00+02:00") from None


def _whose(it: fence_history.Happening) -> tuple[str, str, str]:
    return it.device, it.fence, ", ".join(filter(None, (it.person, it.vehicle))) or "-"


def _marks(it: fence_history.Visit | fence_history.Event) -> str:
    is_late = isinstance(it, fence_history.Event) and it.late
    return " ".join(name for name, is_so in (("late", is_late), ("corrected", it.corrected_at is not None)) if is_so)


def _time(time: dt.datetime | None) -> str:
    return "-" if time is None else _in_utc(time)


def _in_utc(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _json(row: dict[str, Any]) -> str:
    return json.dumps(
        row, ensure_ascii=False, default=lambda it: _in_utc(it) if isinstance(it, dt.datetime) else str(it)
    )

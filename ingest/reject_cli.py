"""`python -m ingest rejects` and `replay-rejects`: what could not be taken, and another try."""

import datetime as dt
import os
from typing import Annotated, NoReturn

import psycopg
import typer

from db import engine, reject_store
from ingest import errors, reject_replay, settings

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]

Tenant = Annotated[str | None, typer.Option("--tenant", help="Of this tenant alone (its slug).")]


def replay_rejects(
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Those whose reason holds this text.")] = None,
    tenant: Tenant = None,
    device: Annotated[str | None, typer.Option("--device", help="Of this device alone.")] = None,
    since: Annotated[
        dt.datetime | None, typer.Option("--since", formats=_FORMATS, help="Received since then (UTC).")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
) -> None:
    """Put rejects through again; those that are taken now are marked, the others stay with their new reason.

    Run it as often as you like, also beside a running ingest. Exit code 1 where some stayed.
    """
    choice = reject_store.Choice(reason=reason, tenant=tenant, device=device, since=_utc(since))
    try:
        done = reject_replay.replay(_database_url(), choice, now=_now, limit=limit, dry_run=dry_run)
    except (errors.IngestError, psycopg.Error) as error:
        _fail(error)
    typer.echo(
        f"{done.taken} {'could be taken' if dry_run else 'taken'}, {done.stayed} {'would stay' if dry_run else 'stay'}"
    )
    for why, count in done.reasons.most_common(20):
        typer.echo(f"{count:8}  {why[:160]}")
    raise typer.Exit(code=1 if done.stayed else 0)


def list_rejects(
    *,
    tenant: Tenant = None,
    newest: Annotated[int, typer.Option("--newest", min=0, max=1_000, help="List so many of the newest.")] = 10,
) -> None:
    """Count the rejects that are kept by kind and reason, and list the newest."""
    try:
        with engine.open_connection(_database_url(), application_name="driveops rejects") as connection:
            counts = reject_store.counts(connection, tenant)
            listed = reject_store.newest(connection, most=newest, tenant=tenant)
    except (errors.IngestError, psycopg.Error) as error:
        _fail(error)
    typer.echo(f"{'waiting':>8} {'replayed':>8} {'cut':>6}  kind        reason")
    for each in counts:
        typer.echo(f"{each.waiting:8} {each.replayed:8} {each.cut:6}  {each.kind:10}  {each.reason}")
    for one in listed:
        state = "replayed" if one.replayed_at else "cut" if one.is_cut else "waiting"
        received = one.received_at.astimezone(dt.UTC).isoformat(timespec="seconds")
        typer.echo(f"{one.id}\t{received}\t{one.topic}\t{one.bytes} bytes\t{state}\t{one.reason[:160]}")


def _database_url() -> str:
    return settings.database_url(os.environ)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.replace(tzinfo=dt.UTC) if moment is not None and moment.tzinfo is None else moment


def _fail(error: Exception) -> NoReturn:
    typer.echo(f"ingest: {str(error).strip()}", err=True)
    raise typer.Exit(code=2) from None

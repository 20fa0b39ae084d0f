"""`python -m stack broker-users`: what production runs beside its broker."""

import logging
import os
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from stack import broker_sync, errors

_VARIABLE = "INGEST_DATABASE_URL"


def broker_users(
    *,
    write: Annotated[Path, typer.Option("--write", help="The broker's password file; other users in it stay.")],
    broker: Annotated[
        Path | None,
        typer.Option("--broker", help="Its configuration, as in its -c: who runs on it reads again (SIGHUP)."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, at each change.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if something would be.")] = False,
) -> None:
    """Write the devices' password hashes from the database into the broker's password file."""
    dsn = os.environ.get(_VARIABLE)
    if not dsn:
        raise errors.StackError(f"{_VARIABLE} is not set")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-8s %(message)s")
    try:
        if check and not broker_sync.is_in_step(dsn, write):
            raise errors.StackError(f"{write} is not in step with the database")
        if check:
            return
        if watch:
            broker_sync.watch(dsn, write, broker)
        has_changed = broker_sync.once(dsn, write, broker)
    except psycopg.Error as error:
        raise errors.StackError(f"the database says: {str(error).strip()}") from None
    except OSError as error:
        raise errors.StackError(f"{write}: {error.strerror}") from None
    typer.echo(f"{write} is {'written' if has_changed else 'up to date'}")

"""`python -m db device token`: what a phone with a public app proves itself with."""

import datetime as dt
import getpass
import os
from typing import Annotated

import sqlalchemy as sa
import typer

from db import device_codes, devices, engine, errors, sender_tokens, settings
from domain.wire import broker_password


def device_token(
    device: Annotated[str, typer.Argument(help="Its level in topics.")],
    tenant: Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")],
    *,
    create: Annotated[bool, typer.Option("--create", help="Register it as a phone if it is not there.")] = False,
    mqtt: Annotated[bool, typer.Option("--mqtt", help="The same word is its password at the broker.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="End its token and make none.")] = False,
) -> None:
    """Print a new token, shown this once, for OwnTracks, Traccar Client or OsmAnd; the one before ends."""
    now = dt.datetime.now(dt.UTC)
    with engine.connect(settings.Settings.from_env(os.environ).database_url) as connection:
        owner = devices.tenant_id(connection, tenant)
        if create:
            devices.add(connection, owner, [devices.NewDevice(name=device, kind="phone")])
        if revoke:
            said, word = f"{tenant}/{device} has no token any more", broker_password.new()
            if not sender_tokens.revoke(connection, owner, device, now=now) and not mqtt:
                raise errors.DatabaseError(f"{tenant}/{device} has no token")
        else:
            said = word = sender_tokens.add(connection, owner, device, created_by=getpass.getuser(), now=now)
        if mqtt:
            _set_broker_password(connection, tenant, device, word, now)
        connection.commit()
    typer.echo(said)


def _set_broker_password(connection: sa.Connection, tenant: str, device: str, word: str, now: dt.datetime) -> None:
    if not device_codes.set_password(connection, tenant, device, password_hash=broker_password.encoded(word), now=now):
        raise errors.DatabaseError(f"{tenant} has no device {device!r} in service; --create registers it")

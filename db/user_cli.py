"""`python -m db user …`: who may sign in."""

import datetime as dt
import os
from typing import Annotated

import typer

from db import accounts, devices, engine, errors, settings
from domain import accounts as domain_accounts

app = typer.Typer(help="Accounts: who may sign in, and as what.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="E-mail address.")]
BaseUrl = Annotated[str, typer.Option("--base-url", help="What the printed link begins with.")]
_HERE = "http://127.0.0.1:8050"


@app.command("add")
def add_user(
    login: Login,
    tenant: Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")],
    name: Annotated[str, typer.Option(help="As others see it on alerts.")],
    role: Annotated[domain_accounts.Role, typer.Option(help="What the person may do.")],
    base_url: BaseUrl = _HERE,
) -> None:
    """Make an account and print the one-time link by which the person sets a password."""
    with engine.connect(_database_url()) as connection:
        new = accounts.NewAccount(login=login, name=name, role=role)
        if not accounts.add(connection, devices.tenant_id(connection, tenant), new):
            raise errors.DatabaseError(f"there is an account {login!r} already")
        path = accounts.make_link(connection, login, now=dt.datetime.now(dt.UTC))
        connection.commit()
    typer.echo(base_url.rstrip("/") + path)


@app.command("list")
def list_users(tenant: Annotated[str, typer.Option("--tenant", help="Slug of the tenant.")]) -> None:
    """Print a tenant's accounts, one a line."""
    with engine.connect(_database_url()) as connection:
        rows = accounts.of_tenant(connection, devices.tenant_id(connection, tenant))
    for row in rows:
        state = "disabled" if row.is_disabled else "active" if row.has_password else "no password yet"
        typer.echo(f"{row.login}\t{row.role}\t{row.name}\t{state}")


@app.command("link")
def link_user(
    login: Login,
    *,
    sign_in: Annotated[bool, typer.Option("--sign-in", help="Sign in only; the password stays as it is.")] = False,
    base_url: BaseUrl = _HERE,
) -> None:
    """Print a one-time link that is good for two days: it sets a new password, or only signs in."""
    purpose = accounts.LinkPurpose.SIGN_IN if sign_in else accounts.LinkPurpose.PASSWORD
    with engine.connect(_database_url()) as connection:
        path = accounts.make_link(connection, login, now=dt.datetime.now(dt.UTC), purpose=purpose)
        connection.commit()
    typer.echo(base_url.rstrip("/") + path)


@app.command("disable")
def disable_user(login: Login) -> None:
    """Let somebody in no more; running sessions end within seconds."""
    _set_disabled(login, dt.datetime.now(dt.UTC))
    typer.echo(f"{login} disabled")


@app.command("enable")
def enable_user(login: Login) -> None:
    """Let somebody in again."""
    _set_disabled(login, None)
    typer.echo(f"{login} enabled")


def _set_disabled(login: str, disabled_at: dt.datetime | None) -> None:
    with engine.connect(_database_url()) as connection:
        if not accounts.set_disabled(connection, login, disabled_at):
            raise errors.DatabaseError(f"no account {login!r}")
        connection.commit()


def _database_url() -> str:
    return settings.Settings.from_env(os.environ).database_url

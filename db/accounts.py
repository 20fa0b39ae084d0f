"""The accounts of people, as an administrator keeps them (the database's owner role), and their one-time links."""

import datetime as dt
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects import postgresql

from db import errors, tables
from domain import accounts

LINK_PATH = "/login/link/"
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class LinkPurpose(StrEnum):
    """What a one-time link does when it is used."""

    PASSWORD = "password"  # noqa: S105 (not one): signs in and sets a new password
    SIGN_IN = "sign_in"  # signs in alone, as the demo's do


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to be made."""

    login: str  #: an e-mail address
    name: str
    role: accounts.Role
    password_hash: str | None = None  #: None: a link sets the password


def new_token() -> str:
    """A secret of 256 bits that can stand in an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether it can be a token of ours at all."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def add(connection: sa.Connection, tenant: uuid.UUID, new: NewAccount) -> bool:
    """Make an account; False where the login is taken, by whichever tenant.

    Raises:
        LoginError: the login is no e-mail address.
    """
    row = {
        "tenant_id": tenant,
        "id": uuid_utils.compat.uuid7(),
        "login": accounts.require_login(new.login),
        "name": new.name,
        "role": new.role.value,
        "password_hash": new.password_hash,
    }
    statement = postgresql.insert(tables.account).values(row).on_conflict_do_nothing(index_elements=["login"])
    return connection.scalar(statement.returning(tables.account.c.id)) is not None


def make_link(
    connection: sa.Connection, login: str, *, now: dt.datetime, purpose: LinkPurpose = LinkPurpose.PASSWORD
) -> str:
    """Make a one-time link and return its path; the token is nowhere else.

    Raises:
        DatabaseError: no such account is in service.
    """
    account = tables.account
    found = connection.execute(
        sa.select(account.c.tenant_id, account.c.id).where(
            account.c.login == accounts.require_login(login), account.c.disabled_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        raise errors.DatabaseError(f"no account {login!r} in service")
    token = new_token()
    connection.execute(
        sa.insert(tables.login_link).values(
            token_sha256=digest(token),
            tenant_id=found.tenant_id,
            account_id=found.id,
            purpose=purpose.value,
            created_at=now,
            expires_at=now + accounts.LINK_LIFE,
        )
    )
    return LINK_PATH + token


def set_disabled(connection: sa.Connection, login: str, disabled_at: dt.datetime | None) -> bool:
    """Take an account out of service, or back (None); False where there is none of that login.

    Out of service its sessions and links end for good: they are not there again when it is put back.
    """
    account = tables.account
    statement = (
        sa.update(account).where(account.c.login == accounts.require_login(login)).values(disabled_at=disabled_at)
    )
    # The account's row first: whoever opens a session meanwhile has it locked, and is seen below.
    account_id = connection.scalar(statement.returning(account.c.id))
    if account_id is not None and disabled_at is not None:
        session, link = tables.session, tables.login_link
        for table, end in ((session, session.c.ended_at), (link, link.c.used_at)):
            connection.execute(
                sa.update(table).where(table.c.account_id == account_id, end.is_(None)).values({end: disabled_at})
            )
    return account_id is not None


def of_tenant(connection: sa.Connection, tenant: uuid.UUID) -> list[sa.Row[tuple[str, str, str, bool, bool]]]:
    """Login, name, role, has_password, is_disabled of a tenant's accounts."""
    account = tables.account
    statement = sa.select(
        account.c.login,
        account.c.name,
        account.c.role,
        account.c.password_hash.is_not(None).label("has_password"),
        account.c.disabled_at.is_not(None).label("is_disabled"),
    )
    return list(connection.execute(statement.where(account.c.tenant_id == tenant).order_by(account.c.login)))

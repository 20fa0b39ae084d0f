"""Signing in and out, as the role driveops_auth may: the functions of schema `auth`, nothing else."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db import accounts, queries
from domain import accounts as domain_accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A guess at a password that may be checked."""

    account_id: uuid.UUID
    password_hash: str | None  #: None: the account has no password yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that can still be used."""

    name: str  #: whose it is
    purpose: accounts.LinkPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """An account and the session that was opened for it."""

    account_id: uuid.UUID
    token: str


def begin_attempt(engine: sa.Engine, login: str, now: dt.datetime) -> Attempt | None:
    """Count a guess before it is checked: too many lock the account, and a new session unlocks it (domain.accounts).

    None where the login is unknown, locked or disabled.
    """
    if "\0" in login:  # no text of PostgreSQL has one
        return None
    row = _one(
        engine,
        "auth_begin_attempt",
        {
            "login": login.strip(),
            "now": now,
            "most": domain_accounts.MOST_FAILURES,
            "lock_for": domain_accounts.LOCK_FOR,
        },
    )
    return row and Attempt(account_id=row.account_id, password_hash=row.password_hash)


def open_session(
    engine: sa.Engine, account_id: uuid.UUID, now: dt.datetime, *, checked_hash: str | None = None
) -> str | None:
    """Open a session and return its token; None where the account has just been disabled, or its password changed."""
    token = accounts.new_token()
    row = _one(
        engine,
        "auth_open_session",
        {
            "account_id": account_id,
            "token": accounts.digest(token),
            "now": now,
            "expires_at": now + domain_accounts.SESSION_LIFE,
            "checked": checked_hash,
        },
    )
    return token if row is not None and row[0] else None


def find_session(engine: sa.Engine, token: str, now: dt.datetime) -> domain_accounts.Identity | None:
    """Who a session's token belongs to; None once it has ended, expired, been idle, or the account is disabled."""
    row = _one(
        engine, "auth_find_session", {"token": accounts.digest(token), "now": now, "idle": domain_accounts.IDLE_LIFE}
    )
    if row is None:
        return None
    return domain_accounts.Identity(
        tenant_id=row.tenant_id,
        tenant_slug=row.tenant_slug,
        tenant_name=row.tenant_name,
        time_zone=row.time_zone,
        account_id=row.account_id,
        name=row.name,
        role=domain_accounts.Role(row.role),
        session_expires_at=row.expires_at,
    )


def end_session(engine: sa.Engine, token: str, now: dt.datetime) -> None:
    """Sign out."""
    _one(engine, "auth_end_session", {"token": accounts.digest(token), "now": now})


def find_link(engine: sa.Engine, token: str, now: dt.datetime) -> Link | None:
    """Look at a link without using it."""
    row = _one(engine, "auth_find_link", {"token": accounts.digest(token), "now": now})
    return row and Link(name=row.name, purpose=accounts.LinkPurpose(row.purpose))


def use_link(engine: sa.Engine, token: str, now: dt.datetime, *, password_hash: str | None) -> SignedIn | None:
    """Use a link up and open a session; None where it was used, has expired or is for something else."""
    session = accounts.new_token()
    row = _one(
        engine,
        "auth_use_link",
        {
            "token": accounts.digest(token),
            "now": now,
            "password_hash": password_hash,
            "session": accounts.digest(session),
            "expires_at": now + domain_accounts.SESSION_LIFE,
        },
    )
    account_id = row[0] if row is not None else None
    return account_id and SignedIn(account_id=account_id, token=session)


def _one(engine: sa.Engine, query: str, parameters: Mapping[str, Any]) -> Any:
    with engine.begin() as connection:
        return connection.exec_driver_sql(queries.get(query), dict(parameters)).one_or_none()

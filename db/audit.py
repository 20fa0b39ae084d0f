"""The book of who did or read what that must be answered for (R59): added to, never changed, by no role but the owner."""

import datetime as dt
import getpass
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from db import tables
from domain import accounts


class Act(StrEnum):
    """What is kept of what people do."""

    TRACK_READ = "track_read"  # where somebody or something was
    REGISTERED = "registered"
    RETIRED = "retired"
    ASSIGNED = "assigned"
    RELEASED = "released"
    DUTY_BEGUN = "duty_begun"
    DUTY_ENDED = "duty_ended"
    DUTY_ONLY_SET = "duty_only_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it."""

    name: str
    account_id: uuid.UUID | None = None  #: None on the command line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the book."""

    id: int
    at: dt.datetime
    actor: str
    account_id: uuid.UUID | None
    act: str
    subject: str
    detail: dict[str, Any]


def by_account(identity: accounts.Identity) -> Actor:
    """Whoever is signed in."""
    return Actor(name=identity.name, account_id=identity.account_id)


def by_user() -> Actor:
    """Whoever runs this command."""
    return Actor(name=getpass.getuser())


def record(
    connection: sa.Connection, tenant_id: uuid.UUID, act: Act, subject: str, *, actor: Actor, **detail: object
) -> None:
    """Add a line, in the transaction of what it tells; of `detail` times are written in ISO 8601, what is None is left out."""
    told = {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in detail.items()
        if value is not None
    }
    row = {"tenant_id": tenant_id, "actor": actor.name, "account_id": actor.account_id}
    connection.execute(sa.insert(tables.audit).values(**row, act=str(act), subject=subject, detail=told))


def newest(connection: sa.Connection, tenant_id: uuid.UUID, *, most: int, before: int | None = None) -> Sequence[Entry]:
    """The newest lines of a tenant, or those before an id, the newest first."""
    book = tables.audit
    columns = (book.c.id, book.c.at, book.c.actor, book.c.account_id, book.c.act, book.c.subject, book.c.detail)
    query = sa.select(*columns).where(book.c.tenant_id == tenant_id).order_by(book.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(book.c.id < before)
    return [Entry(**row) for row in connection.execute(query).mappings()]

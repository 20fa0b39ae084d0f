"""What phones with public apps prove themselves with over HTTP: one secret word for each, of which the digest alone is kept."""

import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from db import queries, tables
from domain import telemetry
from domain.wire import topics

LONGEST = 64
# Crockford's base 32 has no letter that is taken for a digit; 24 of them are 120 bits, which nobody guesses.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _GROUP_LETTERS = 6, 4
_MISREAD = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})
_token = tables.sender_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The device that a token speaks for; the id of `ref` is None where its tenant has it not in service."""

    tenant: str
    ref: telemetry.DeviceRef


def new_token() -> str:
    """Make up a token as a person types it."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest(token: str) -> bytes:
    """What the database keeps of a token, however it is typed.

    >>> digest("ABCD-efgh") == digest("abcdefgh")
    True
    """
    return hashlib.sha256(token.lower().translate(_MISREAD).encode(errors="replace")).digest()


def add(connection: sa.Connection, tenant_id: uuid.UUID, device: str, *, created_by: str, now: dt.datetime) -> str:
    """Make a token for a device, registered or not, and return it; it is nowhere else, and those before it are good no more.

    Raises:
        TopicError: the name can't be a device's.
    """
    revoke(connection, tenant_id, topics.require_segment(device), now=now)
    made = new_token()
    row = {"token_sha256": digest(made), "tenant_id": tenant_id, "device_name": device}
    connection.execute(sa.insert(_token).values(**row, created_by=created_by, created_at=now))
    return made


def revoke(connection: sa.Connection, tenant_id: uuid.UUID, device: str, *, now: dt.datetime) -> int:
    """End all tokens of a device; how many were good."""
    statement = (
        sa.update(_token)
        .where(_token.c.tenant_id == tenant_id, _token.c.device_name == device, _token.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return connection.execute(statement).rowcount


def find(connection: psycopg.Connection[Any], token: str) -> Holder | None:
    """Who holds a token; None where it is unknown or revoked."""
    wanted = digest(token)
    row = connection.execute(queries.get("find_sender_token").encode(), {"digest": wanted}).fetchone()
    # The index has compared digests, from which nothing can be learnt of a token; this holds whatever the look-up becomes.
    if row is None or not hmac.compare_digest(bytes(row[0]), wanted):
        return None
    _digest, slug, name, tenant_id, device_id = row
    return Holder(tenant=slug, ref=telemetry.DeviceRef(tenant_id=tenant_id, name=name, id=device_id))

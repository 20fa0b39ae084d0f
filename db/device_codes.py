"""One-time codes by which a device gets its password at the broker, and those passwords' hashes."""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from db import errors, queries, tables

LIFE = dt.timedelta(hours=24)
# Crockford's base 32 has no letter that is taken for a digit; 12 of them are 60 bits, for a day, behind a throttle.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP_LETTERS = 3, 4
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """A device whose code has just been used."""

    tenant: str
    device: str


def new_code() -> str:
    """Make up a code as a person types it: XXXX-XXXX-XXXX."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest(code: str) -> bytes:
    """What the database keeps of a code, however it is typed.

    >>> digest("abcd-efgh-1j0k") == digest("ABCD EFGH ljok")
    True
    """
    return hashlib.sha256(code.upper().translate(_MISREAD).encode(errors="replace")).digest()


def add(connection: sa.Connection, tenant: str, device: str, *, created_by: str, now: dt.datetime) -> str:
    """Make a code for a device and return it; it is nowhere else.

    Codes that expired are deleted; those that were used stay: who made them, and when their device got its password.

    Raises:
        DatabaseError: the tenant has no such device in service.
    """
    code, table = new_code(), tables.device_code
    query = (
        sa.select(tables.device.c.tenant_id, tables.device.c.id)
        .join(tables.tenant, tables.tenant.c.id == tables.device.c.tenant_id)
        .where(tables.tenant.c.slug == tenant, tables.device.c.name == device, tables.device.c.retired_at.is_(None))
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        raise errors.DatabaseError(f"{tenant} has no device {device!r} in service; --create registers it")
    connection.execute(sa.delete(table).where(table.c.expires_at <= now, table.c.used_at.is_(None)))
    connection.execute(
        sa.insert(table).values(
            code_sha256=digest(code),
            tenant_id=found.tenant_id,
            device_id=found.id,
            created_by=created_by,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    return code


def use(engine: sa.Engine, code: str, now: dt.datetime, *, password_hash: str) -> Provisioned | None:
    """Use a code up and set its device's password, in one transaction, as the role driveops_auth.

    None where the code is unknown, used or expired, or its device is out of service.
    """
    parameters = {"code": digest(code), "now": now, "password_hash": password_hash}
    with engine.begin() as connection:
        row = connection.exec_driver_sql(queries.get("auth_use_device_code"), parameters).one_or_none()
    if row is None:
        return None
    return Provisioned(tenant=row.tenant_slug, device=row.device_name)


def set_password(connection: sa.Connection, tenant: str, device: str, *, password_hash: str, now: dt.datetime) -> bool:
    """Set a device's password at the broker without a code; False where the tenant has no such device in service."""
    parameters = {"tenant": tenant, "device": device, "password_hash": password_hash, "now": now}
    return connection.exec_driver_sql(queries.get("set_device_password"), parameters).rowcount == 1


def broker_users(connection: psycopg.Connection[Any]) -> dict[str, str | None]:
    """The hash of each device that has a password, by its name at the broker; None where it is out of service."""
    return dict(connection.execute(queries.get("broker_users").encode()).fetchall())

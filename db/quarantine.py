"""Senders that are who they say, and whose device nobody has registered: noted, shown to an operator, adopted or dismissed.

The broker's access list and the tokens of the HTTP listener see to it that a name stands for its sender. What it sends is among
the rejects meanwhile, whole.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
import uuid_utils.compat

from db import queries, tables
from domain import errors

MOST_PER_TENANT = 1_000
MOST_BYTES = 4 * 1024
"""So much of the last payload is shown."""


class NotWaitingError(errors.DomainError):
    """Nobody of that name waits to be adopted."""

    code = "not_in_quarantine"

    def __init__(self, device: str) -> None:
        super().__init__(f"no device {device!r} is in quarantine")


class KindError(errors.DomainError):
    """There is no such kind of device."""

    code = "bad_device_kind"


class Refused(Protocol):
    """A message that was not taken, as its topic names tenant and device."""

    @property
    def topic(self) -> str:
        """Where it came."""
        ...

    @property
    def payload(self) -> bytes:
        """All of it."""
        ...

    @property
    def received_at(self) -> dt.datetime:
        """When it came."""
        ...

    @property
    def tenant(self) -> str | None:
        """Slug of the tenant, if the topic can name one."""
        ...

    @property
    def device(self) -> str | None:
        """Name of the device, if the topic can name one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A sender that nobody has registered."""

    device: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    messages: int
    last_topic: str
    last_payload: bytes
    dismissed_at: dt.datetime | None
    dismissed_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A device in service, and how much of what it sent before is still among the rejects."""

    device_id: int
    kept_rejects: int


def note(connection: psycopg.Connection[Any], refused: Sequence[Refused], *, most: int = MOST_PER_TENANT) -> None:
    """Note those of these messages whose device their tenant does not have in service."""
    named = [message for message in refused if message.tenant is not None and message.device is not None]
    if not named:
        return
    parameters = {
        "tenant": [message.tenant for message in named],
        "device": [message.device for message in named],
        "received_at": [message.received_at for message in named],
        "topic": [message.topic for message in named],
        "payload": [message.payload[:MOST_BYTES] for message in named],
        "most": most,
    }
    connection.execute(queries.get("note_quarantine").encode(), parameters)


def waiting(connection: sa.Connection, tenant_id: uuid.UUID, *, with_dismissed: bool = False) -> list[Waiting]:
    """Who waits, the newest first."""
    parameters = {"tenant_id": tenant_id, "with_dismissed": with_dismissed}
    rows = connection.exec_driver_sql(queries.get("quarantined"), parameters)
    return [
        Waiting(
            device=row.device_name,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            messages=row.messages,
            last_topic=row.last_topic,
            last_payload=bytes(row.last_payload),
            dismissed_at=row.dismissed_at,
            dismissed_by=row.dismissed_by,
        )
        for row in rows
    ]


def adopt(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    device: str,
    *,
    by: str,
    now: dt.datetime,
    kind: str = "phone",
    label: str | None = None,
) -> Adopted:
    """Register a device that waits, or put it into service again: from now on its data flows.

    Raises:
        NotWaitingError: none of that name waits.
        KindError: there is no such kind.
    """
    if kind not in tables.DEVICE_KINDS:
        raise KindError(f"{kind!r} is none of the kinds {', '.join(tables.DEVICE_KINDS)}")
    whose = {"tenant_id": tenant_id, "device_name": device}
    if connection.exec_driver_sql(queries.get("lock_quarantined"), whose).one_or_none() is None:
        raise NotWaitingError(device)
    made = {**whose, "uid": uuid_utils.compat.uuid7(), "kind": kind, "label": label}
    device_id: int = connection.exec_driver_sql(queries.get("adopt_device"), made).scalar_one()
    connection.exec_driver_sql(queries.get("close_quarantine"), {**whose, "at": now, "by": by})
    kept_rejects: int = connection.exec_driver_sql(queries.get("count_kept_rejects"), whose).scalar_one()
    return Adopted(device_id=device_id, kept_rejects=kept_rejects)


def dismiss(connection: sa.Connection, tenant_id: uuid.UUID, device: str, *, by: str, now: dt.datetime) -> None:
    """Put a sender out of sight; it stays refused and counted.

    Raises:
        NotWaitingError: none of that name waits.
    """
    parameters = {"tenant_id": tenant_id, "device_name": device, "at": now, "by": by}
    if connection.exec_driver_sql(queries.get("dismiss_quarantined"), parameters).one_or_none() is None:
        raise NotWaitingError(device)

"""The rejects that are kept: listed, replayed, bounded in age and number."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import rows

from db import queries, reject_log

_SWEEP_CLASS = 0x6472_7273
_NOBODY = uuid.UUID(int=0)  # the place of a tenant for rejects whose topic names none that exists
_MOST_REASONS = 50
SHOWN_BYTES = 200
"""So much of a payload is listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which rejects; None is any."""

    reason: str | None = None  #: a part of it, in any case
    tenant: str | None = None
    device: str | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A reject that is whole and waits to be replayed."""

    id: int
    received_at: dt.datetime
    topic: str
    payload: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a replay; without a reason it was taken."""

    id: int
    reason: str | None = None
    kind: reject_log.Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Rejects that are alike."""

    kind: str
    reason: str  #: its beginning
    waiting: int
    replayed: int
    cut: int  #: of which a part alone is kept
    newest: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A reject as it is shown."""

    id: int
    received_at: dt.datetime
    tenant: str | None
    device_name: str | None
    topic: str
    payload: bytes  #: its beginning
    bytes: int
    is_cut: bool
    kind: str
    reason: str
    replayed_at: dt.datetime | None


def to_replay(connection: psycopg.Connection[Any], choice: Choice, *, after: int, most: int) -> list[Kept]:
    """The next rejects after this id, held until the transaction's end."""
    parameters = {
        "reason": choice.reason,
        "tenant": choice.tenant,
        "device": choice.device,
        "since": choice.since,
        "after": after,
        "most": most,
    }
    return _read(connection, Kept, "rejects_to_replay", parameters)


def settle(connection: psycopg.Connection[Any], verdicts: Sequence[Verdict], now: dt.datetime) -> None:
    """Mark what was taken, and give what was not its new reason."""
    parameters = {
        "id": [each.id for each in verdicts],
        "reason": [None if each.reason is None else reject_log.short(each.reason) for each in verdicts],
        "kind": [None if each.kind is None else str(each.kind) for each in verdicts],
        "now": now,
    }
    connection.execute(queries.get("settle_rejects").encode(), parameters)


def counts(connection: psycopg.Connection[Any], tenant: str | None = None) -> list[Count]:
    """How many there are, the most frequent first."""
    return _read(connection, Count, "count_rejects", {"tenant": tenant, "most": _MOST_REASONS})


def newest(
    connection: psycopg.Connection[Any],
    *,
    most: int,
    tenant: str | None = None,
    before: int | None = None,
    kind: reject_log.Kind | None = None,
    waiting: bool = False,
) -> list[Listed]:
    """The newest ones, or those before an id; with `waiting` those alone that were not replayed."""
    parameters = {
        "most": most,
        "tenant": tenant,
        "before": before,
        "kind": None if kind is None else str(kind),
        "waiting": waiting,
        "payload_bytes": SHOWN_BYTES,
    }
    return _read(connection, Listed, "newest_rejects", parameters)


def sweep(connection: psycopg.Connection[Any], *, before: dt.datetime, most: int) -> int:
    """Drop what is older than `before` or over `most` of a tenant; how many went. Nothing happens while another one sweeps.

    One noisy device pushes out its own: over the limit the oldest of those senders go that have the most, and tenants have
    a limit each (rejects of no tenant together have one as well).
    """
    with connection.transaction():
        locked = connection.execute(queries.get("try_sweep_lock").encode(), {"sweep_class": _SWEEP_CLASS}).fetchone()
        if locked is None or not locked[0]:
            return 0
        old = connection.execute(queries.get("drop_old_rejects").encode(), {"before": before}).rowcount
        many = connection.execute(queries.get("drop_many_rejects").encode(), {"most": most, "nobody": _NOBODY}).rowcount
    return old + many


def _read(connection: psycopg.Connection[Any], kind: Any, name: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor(row_factory=rows.class_row(kind)) as cursor:
        return cursor.execute(queries.get(name).encode(), parameters).fetchall()

"""Messages of the fixes lane that did not come over the broker: kept here until the holder of their shard has them written."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from db import queries

MOST_WAITING = 100_000
"""With so many nobody holds the shards, or not fast enough: senders are told to keep theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A payload on its topic, and whose it is."""

    tenant_id: uuid.UUID
    shard: int
    topic: str
    payload: bytes
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One that waits."""

    id: int
    shard: int
    topic: bytes
    payload: bytes


def add(connection: psycopg.Connection[Any], messages: Sequence[NewMessage]) -> None:
    """Keep messages; those who wait for them are told at the commit."""
    parameters = {
        name: [getattr(message, name) for message in messages]
        for name in ("tenant_id", "received_at", "shard", "topic", "payload")
    }
    connection.execute(queries.get("add_to_sender_queue").encode(), parameters)


def read(
    connection: psycopg.Connection[Any],
    shards: Collection[int],
    *,
    in_hand: Collection[int],
    most: int,
    most_bytes: int,
) -> list[Message]:
    """The oldest messages of these shards, but for those that the caller has already; the last may go beyond the bytes."""
    parameters = {"shards": sorted(shards), "in_hand": sorted(in_hand), "most": most, "most_bytes": most_bytes}
    rows = connection.execute(queries.get("read_sender_queue").encode(), parameters)
    return [Message(number, shard, topic.encode(), bytes(payload)) for number, shard, topic, payload in rows]


def take(connection: psycopg.Connection[Any], ids: Sequence[int]) -> None:
    """Forget messages whose fixes are written."""
    connection.execute(queries.get("take_from_sender_queue").encode(), {"ids": list(ids)})


def depth(connection: psycopg.Connection[Any], most: int = MOST_WAITING) -> int:
    """How many messages wait; `most` stands for that and more."""
    row = connection.execute(queries.get("count_sender_queue").encode(), {"most": most}).fetchone()
    assert row is not None
    return int(row[0])


def is_full(connection: psycopg.Connection[Any], most: int = MOST_WAITING) -> bool:
    """Whether `most` messages wait."""
    return depth(connection, most) >= most

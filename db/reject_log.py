"""Payloads that could not be taken, with their reason; what is too long is kept in part, with its length and digest."""

import dataclasses
import datetime as dt
import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from db import quarantine, queries

MOST_BYTES = 128 * 1024
"""The longest payload that the contract allows, 500 fixes with every field at its longest, fits."""
_LONGEST_REASON = 2_000


class Kind(StrEnum):
    """What was wrong, in a word that can be counted by."""

    STRANGER = "stranger"  # tenant or device are not in service
    TOPIC = "topic"  # it came where no device sends
    UNREADABLE = "unreadable"  # the payload, or some of its elements
    REFUSED = "refused"  # by the database


ADDED: Counter[Kind] = Counter()
"""How many this process has kept, for those who watch; a transaction that failed and was done again counts twice."""
_counting = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A payload, and why it was not taken; tenant and device as the topic names them."""

    topic: str
    payload: bytes
    reason: str
    received_at: dt.datetime
    tenant: str | None = None
    device: str | None = None
    kind: Kind = Kind.UNREADABLE


def add(connection: psycopg.Connection[Any], rejects: Sequence[Reject]) -> None:
    """Keep rejects; of a device that nobody has registered the sender is noted.

    Of what is longer than MOST_BYTES the beginning is kept and its length noted: it can't be replayed.
    """
    parameters = {
        "received_at": [reject.received_at for reject in rejects],
        "topic": [storable(reject.topic) for reject in rejects],
        "payload": [reject.payload[:MOST_BYTES] for reject in rejects],
        "reason": [_reason(reject) for reject in rejects],
        "kind": [str(reject.kind) for reject in rejects],
        "whole_bytes": [len(reject.payload) if len(reject.payload) > MOST_BYTES else None for reject in rejects],
        "tenant": [reject.tenant for reject in rejects],
        "device": [reject.device for reject in rejects],
    }
    connection.execute(queries.get("add_rejects").encode(), parameters)
    with _counting:
        ADDED.update(reject.kind for reject in rejects)
    quarantine.note(connection, [dataclasses.replace(reject, topic=storable(reject.topic)) for reject in rejects])


def storable(text: str) -> str:
    """A text as PostgreSQL can store it: without NUL and halves of surrogate pairs."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


def short(reason: str) -> str:
    """A reason as it is kept."""
    return storable(reason)[:_LONGEST_REASON]


def _reason(reject: Reject) -> str:
    reason = short(reject.reason)
    if len(reject.payload) <= MOST_BYTES:
        return reason
    digest = hashlib.sha256(reject.payload).hexdigest()
    return f"{reason} (the first {MOST_BYTES} of {len(reject.payload)} bytes are kept; SHA-256 of all: {digest})"

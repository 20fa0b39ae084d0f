"""Leases on pieces of work by PostgreSQL's advisory locks: held by a session, and free the moment it ends.

Held on the same connection that writes, a lease and a commit share one fate: whoever has lost the one can't do the other.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from db import queries

_MEMBER_CLASS = 0x6472_6D62
_LEASE_CLASS = 0x6472_6C73


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """What is held, and by how many."""

    members: int  #: running processes, this one included
    mine: frozenset[int]
    others: frozenset[int]


class LeaseBook:
    """The leases of one session."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._execute("join_members")

    def see(self) -> Leases:
        """Look at all sessions."""
        rows = self._execute("see_leases")
        held = [(number, mine) for kind, number, mine in rows if kind == _LEASE_CLASS]
        return Leases(
            members=sum(kind == _MEMBER_CLASS for kind, _, _ in rows),
            mine=frozenset(number for number, mine in held if mine),
            others=frozenset(number for number, mine in held if not mine),
        )

    def take(self, numbers: Collection[int]) -> frozenset[int]:
        """Try to hold these; those that are held now."""
        rows = self._execute("take_leases", numbers=sorted(numbers)) if numbers else []
        return frozenset(number for number, taken in rows if taken)

    def release(self, numbers: Collection[int]) -> None:
        """Give these back."""
        if numbers:
            self._execute("release_leases", numbers=sorted(numbers))

    def _execute(self, name: str, **parameters: Any) -> Sequence[tuple[Any, ...]]:
        classes = {"member_class": _MEMBER_CLASS, "lease_class": _LEASE_CLASS}
        with self._connection.transaction():
            return self._connection.execute(queries.get(name).encode(), classes | parameters).fetchall()


def count_held(connection: sa.Connection) -> int:
    """How many leases are held by anybody; none where no process works."""
    held: int = connection.exec_driver_sql(queries.get("count_leases"), {"lease_class": _LEASE_CLASS}).scalar_one()
    return held

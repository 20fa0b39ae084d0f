"""Which leases a process should hold: all of them together, each its fair share.

A lease is a number: the 64 shards of the fixes lane, then the status, the panic and the OwnTracks lane, each of which one
process reads.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from db import leases
from domain.wire import topics

STATUS_LEASE = topics.SHARDS
PANIC_LEASE = topics.SHARDS + 1
OWNTRACKS_LEASE = topics.SHARDS + 2
ALL = frozenset(range(topics.SHARDS + 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to try to take, and what to give to others."""

    take: frozenset[int]
    release: frozenset[int]


def plan(seen: leases.Leases, *, preferred: Collection[int] = ()) -> Plan:
    """Move towards a fair share of all leases.

    >>> plan(leases.Leases(members=1, mine=frozenset(), others=frozenset())).take == ALL
    True

    Args:
        seen: who holds what.
        preferred: what is taken first, such as what one held before its connection was lost.
    """
    share = math.ceil(len(ALL) / max(1, seen.members))
    if len(seen.mine) > share:
        # The lanes move last: while a lane moves, it waits.
        spare = sorted(seen.mine, key=lambda number: (number < topics.SHARDS, number))
        return Plan(take=frozenset(), release=frozenset(spare[share:]))
    free = ALL - seen.mine - seen.others
    wanted = sorted(free, key=lambda number: (number not in preferred, number))
    return Plan(take=frozenset(wanted[: share - len(seen.mine)]), release=frozenset())

from hypothesis import given
from hypothesis import strategies as st

from db import leases
from ingest import shards


def settle(held: list[set[int]], rounds: int = 10) -> list[set[int]]:
    """Let processes look at each other in turn, as they do each second."""
    for _ in range(rounds):
        for number in range(len(held)):
            others = frozenset().union(*(other for index, other in enumerate(held) if index != number))
            plan = shards.plan(leases.Leases(members=len(held), mine=frozenset(held[number]), others=others))
            held[number] = (held[number] - plan.release) | plan.take
            assert held[number].isdisjoint(others)
    return held


@given(st.integers(1, 9))
def test_processes_come_to_hold_everything_in_fair_shares(count: int) -> None:
    held = settle([set() for _ in range(count)])

    assert set().union(*held) == shards.ALL
    assert max(map(len, held)) <= -(-len(shards.ALL) // count)


def test_a_process_that_joins_gets_its_share() -> None:
    held = settle([set(shards.ALL), set()])

    assert sorted(len(mine) for mine in held) == [33, 34]


def test_the_leases_of_a_dead_process_go_to_the_others() -> None:
    held = settle([set(), set(), set()])

    survivors = settle(held[:2])

    assert set().union(*survivors) == shards.ALL


def test_what_one_held_before_is_taken_first() -> None:
    seen = leases.Leases(members=3, mine=frozenset(), others=frozenset())

    plan = shards.plan(seen, preferred=frozenset(range(40, 50)))

    assert frozenset(range(40, 50)) <= plan.take


def test_the_lanes_stay_where_they_are_when_others_join() -> None:
    seen = leases.Leases(members=3, mine=shards.ALL, others=frozenset())

    plan = shards.plan(seen)

    assert len(plan.release) == 44
    assert plan.release.isdisjoint({shards.PANIC_LEASE, shards.STATUS_LEASE, shards.OWNTRACKS_LEASE})

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import inbox, mqtt_connection, mqtt_packets, subscriber


def taken(count: int, size: int = 10, first: int = 1) -> subscriber.Taken:
    """Messages numbered by their packet ids."""
    connection = mqtt_connection.Connection(mqtt_packets.Login(client_id="c"), lambda _: None, 0.0)
    messages = mqtt_connection.Messages()
    for packet_id in range(first, first + count):
        messages.topics.append(b"t")
        messages.payloads.append(bytes(size))
        messages.packet_ids.append(packet_id)
    return subscriber.Taken(connection, messages)


def ids(batch: list[inbox.Segment]) -> list[int]:
    return [packet_id for segment in batch for packet_id in segment.messages.packet_ids]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 50)), max_size=6), st.integers(1, 12), st.integers(1, 300))
def test_batches_bring_every_message_once_in_order(
    parts: list[tuple[int, int]], most_messages: int, most_weight: int
) -> None:
    async def run() -> None:
        box = inbox.Inbox(most_weight=1000, on_full=lambda _: None)
        first, received = 1, []
        for count, size in parts:
            received.append((0, taken(count, size, first)))
            first += count
        assert box.collect(received) == first - 1

        got = []
        while batch := box.next_batch(most_messages=most_messages, most_weight=most_weight):
            assert len(ids(batch)) <= most_messages
            assert len(ids(batch)) == 1 or sum(len(p) for s in batch for p in s.messages.payloads) <= most_weight + 50
            got += ids(batch)
        assert got == list(range(1, first))

    asyncio.run(run())


def test_a_batch_that_is_put_back_comes_first_again() -> None:
    async def run() -> list[int]:
        box = inbox.Inbox(most_weight=1000, on_full=lambda _: None)
        box.collect([(0, taken(5))])
        box.put_back(box.next_batch(most_messages=2, most_weight=1000))
        return ids(box.next_batch(most_messages=10, most_weight=1000))

    assert asyncio.run(run()) == [1, 2, 3, 4, 5]


def test_the_messages_of_a_shard_that_moved_are_dropped() -> None:
    async def run() -> list[int]:
        box = inbox.Inbox(most_weight=1000, on_full=lambda _: None)
        box.collect([(7, taken(3)), (8, taken(2, first=10))])
        box.drop([7])
        return ids(box.next_batch(most_messages=10, most_weight=1000))

    assert asyncio.run(run()) == [10, 11]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_batches_that_come_back_stand_as_they_came(order: tuple[int, ...]) -> None:
    async def run() -> list[int]:
        box = inbox.Inbox(most_weight=1000, on_full=lambda _: None)
        box.collect([(7, taken(4)), (7, taken(3, first=5))])
        batches = [box.next_batch(most_messages=2, most_weight=1000) for _ in range(3)]
        for number in order:
            box.put_back(batches[number])
        box.collect([(7, taken(1, first=8))])
        return ids(box.next_batch(most_messages=100, most_weight=1000))

    assert asyncio.run(run()) == list(range(1, 9))


def next_turn(box: inbox.Inbox, most_messages: int = 2) -> list[int]:
    cut = box.next_aside if box.is_turn_of_aside else box.next_batch
    return ids(cut(most_messages=most_messages, most_weight=1000))


def test_what_is_set_aside_comes_in_turn_with_the_others() -> None:
    async def run() -> list[list[int]]:
        box = inbox.Inbox(most_weight=10_000, on_full=lambda _: None)
        box.collect([(7, taken(3)), (8, taken(3, first=4))])
        others = box.set_aside(box.next_batch(most_messages=10, most_weight=1000), {1, 3, 4, 5})
        assert ids(others) == [1, 3]
        assert sum(segment.weight for segment in others) == 2 * 11
        box.collect([(7, taken(4, first=7))])
        return [next_turn(box) for _ in range(5)]

    assert asyncio.run(run()) == [[2, 4], [7, 8], [5, 6], [9, 10], []]


def test_what_is_set_aside_and_put_back_is_among_the_others_again() -> None:
    async def run() -> list[int]:
        box = inbox.Inbox(most_weight=10_000, on_full=lambda _: None)
        box.collect([(7, taken(5))])
        others = box.set_aside(box.next_batch(most_messages=10, most_weight=1000), {1, 3})
        box.put_back(box.next_aside(most_messages=10, most_weight=1000))
        box.put_back(others)
        assert not box.is_turn_of_aside
        return ids(box.next_batch(most_messages=10, most_weight=1000))

    assert asyncio.run(run()) == [1, 3, 5, 2, 4]


def test_what_is_set_aside_of_a_shard_that_moved_is_dropped() -> None:
    async def run() -> int:
        box = inbox.Inbox(most_weight=10_000, on_full=lambda _: None)
        box.collect([(7, taken(3))])
        assert not box.set_aside(box.next_batch(most_messages=10, most_weight=1000), {0, 1, 2})
        assert box
        box.drop([7])
        assert not box
        return box.weight

    assert asyncio.run(run()) == 0


def test_reading_pauses_over_the_limit_and_goes_on_at_half_of_it() -> None:
    told: list[bool] = []

    async def run() -> None:
        box = inbox.Inbox(most_weight=100, on_full=told.append)
        box.note_arrival(60)
        assert told == []
        box.note_arrival(60)
        box.collect([(7, taken(2, size=59))])
        for _ in range(2):
            assert told == [True]
            [segment] = box.next_batch(most_messages=1, most_weight=1000)
            box.note_done(segment.weight)

    asyncio.run(run())

    assert told == [True, False]


def test_what_went_down_with_a_connection_stops_reading_no_longer() -> None:
    told: list[bool] = []

    async def run() -> None:
        box = inbox.Inbox(most_weight=100, on_full=told.append)
        box.note_arrival(500)
        box.collect([(7, taken(1))])

    asyncio.run(run())

    assert told == [True, False]


def test_what_is_dropped_is_in_hand_no_more() -> None:
    told: list[bool] = []

    async def run() -> None:
        box = inbox.Inbox(most_weight=100, on_full=told.append)
        box.collect([(7, taken(1, size=200))])
        box.drop([7])
        assert not box

    asyncio.run(run())

    assert told == [True, False]

from hypothesis import given
from hypothesis import strategies as st

from domain.wire import control
from ingest import acknowledger

VAN = ("demo", "van-01")


def told(messages: list[tuple[str, bytes]]) -> list[tuple[str, control.LaneAck]]:
    acks = [(topic, control.decode_ack(payload)) for topic, payload in messages]
    return [(topic, ack) for topic, ack in acks if isinstance(ack, control.LaneAck)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), max_size=30))
def test_the_ranges_are_exactly_the_committed_numbers(runs: list[tuple[int, int]]) -> None:
    due = acknowledger.Acknowledger(5.0)
    due.add((VAN, first, first + length) for first, length in runs)

    acks = told(list(due.due(0.0)))

    committed = {seq for first, length in runs for seq in range(first, first + length + 1)}
    ranges = [pair for _, ack in acks for pair in ack.ranges or ()]
    assert ranges == list(control.ranges_of(committed))


def test_the_first_commit_of_a_device_is_told_at_once() -> None:
    due = acknowledger.Acknowledger(5.0)
    due.add([(VAN, 3, 4)])

    [(topic, ack)] = told(list(due.due(100.0)))

    assert topic == "driveops/v1/demo/van-01/ack"
    assert ack.seq == 4
    assert ack.ranges == ((3, 4),)


def test_a_device_is_told_at_most_once_in_the_interval() -> None:
    due = acknowledger.Acknowledger(5.0)
    due.add([(VAN, 1, 1)])
    list(due.due(100.0))

    due.add([(VAN, 2, 2)])

    assert list(due.due(104.9)) == []
    [(_, ack)] = told(list(due.due(105.0)))
    assert ack.ranges == ((2, 2),)


def test_what_was_told_is_not_told_again() -> None:
    due = acknowledger.Acknowledger(5.0)
    due.add([(VAN, 1, 1)])
    list(due.due(100.0))

    assert list(due.due(200.0)) == []


def test_a_stop_tells_what_is_left() -> None:
    due = acknowledger.Acknowledger(5.0)
    due.add([(VAN, 1, 1)])
    list(due.due(100.0))
    due.add([(VAN, 2, 2)])

    assert [ack.ranges for _, ack in told(list(due.flush()))] == [((2, 2),)]


def test_more_ranges_than_a_message_may_hold_become_several_messages() -> None:
    due = acknowledger.Acknowledger(5.0)
    for seq in range(0, 2 * control.MOST_RANGES + 2, 2):
        due.add([(VAN, seq, seq)])

    acks = told(list(due.due(0.0)))

    assert [len(ack.ranges or ()) for _, ack in acks] == [control.MOST_RANGES, 1]

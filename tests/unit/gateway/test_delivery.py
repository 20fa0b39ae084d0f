import datetime as dt
import itertools
import json
import resource
from pathlib import Path

import pytest

from domain import geo, telemetry
from domain.wire import control, topics
from gateway import delivery, outbox, outbox_bounds
from tests import presses

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


class Wire:
    """A link that keeps what goes over it."""

    def __init__(self) -> None:
        self.session = 1
        self.outstanding = 0
        self.sent: list[tuple[topics.Lane, bytes]] = []
        self.refuses_after: int | None = None

    def publish(self, lane: topics.Lane, payload: bytes) -> bool:
        if self.refuses_after is not None and len(self.sent) >= self.refuses_after:
            return False
        self.sent.append((lane, payload))
        return True

    def take(self) -> list[list[int]]:
        """The seqs of each message since the last look."""
        taken = [
            [item["seq"] for item in content] if isinstance(content, list) else [content["seq"]]
            for content in (json.loads(payload) for _, payload in self.sent)
        ]
        self.sent.clear()
        return taken


class Desk:
    """An outbox, a link and a delivery between them, with a clock that a test moves."""

    def __init__(self, folder: Path, before: int = 0, rate: int = 500) -> None:
        self.box = outbox.Outbox(folder / "outbox.db", now=NOW, bounds=outbox_bounds.Bounds(most_fixes=100_000))
        self._stamps = itertools.count()
        self.fixes(before)
        self.wire = Wire()
        self.work = delivery.Delivery(self.box, self.wire, backlog_fixes_per_s=rate)
        self.now_s = 0.0

    def fixes(self, number: int) -> None:
        if number:
            self.box.add_fixes(
                [
                    telemetry.Fix(time=NOW + dt.timedelta(seconds=next(self._stamps)), position=geo.Position(1.0, 2.0))
                    for _ in range(number)
                ],
            )

    def press(self) -> int:
        return self.box.add_press(presses.unnumbered(NOW), number=None).press.seq

    def step(self, after_s: float = 0.0) -> float:
        self.now_s += after_s
        return self.work.step(now_s=self.now_s)

    def acknowledge(self, lane: topics.Lane, *seqs: int) -> None:
        self.work.acknowledge(control.LaneAck(lane=lane, seq=max(seqs), ranges=control.ranges_of(seqs)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.step()
    return desk


def test_a_new_fix_goes_at_once_and_those_right_behind_it_together(desk: Desk) -> None:
    desk.fixes(1)
    desk.step()
    desk.fixes(1)
    wait_s = desk.step(0.05)
    desk.fixes(1)
    first = desk.wire.take()

    desk.step(wait_s)

    assert [len(message) for message in first] == [1]
    assert wait_s == pytest.approx(0.15)
    assert [len(message) for message in desk.wire.take()] == [2]


def test_nothing_is_sent_without_a_connection(desk: Desk) -> None:
    desk.wire.session = 0
    desk.fixes(1)
    desk.press()

    desk.step(1.0)

    assert desk.wire.take() == []


def test_presses_go_first_the_newest_before_the_others(desk: Desk) -> None:
    desk.fixes(1)
    presses = [desk.press() for _ in range(3)]

    desk.step()

    assert [message[0] for message in desk.wire.take()][:3] == presses[::-1]


def test_a_backlog_goes_oldest_first_in_arrays_of_500_at_its_rate_with_new_fixes_between(tmp_path: Path) -> None:
    desk = Desk(tmp_path, before=1_200)
    desk.step()
    first = desk.wire.take()
    desk.fixes(1)
    desk.step(0.3)
    between = desk.wire.take()
    desk.step(0.7)
    second = desk.wire.take()
    desk.step(1.0)
    third = desk.wire.take()

    assert [len(message) for message in (*first, *between, *second, *third)] == [500, 1, 500, 200]
    assert [*first[0], *second[0], *third[0]] == sorted([*first[0], *second[0], *third[0]])
    assert between[0][0] > third[0][-1]


def test_an_acknowledged_row_is_not_sent_again_and_another_is_after_30_s(desk: Desk) -> None:
    desk.fixes(1)
    desk.step()
    desk.fixes(1)
    desk.step(1.0)
    (first,), (second,) = desk.wire.take()
    desk.acknowledge(topics.Lane.FIXES, first)

    desk.step(28.0)
    early = desk.wire.take()
    desk.step(3.0)

    assert early == []
    assert desk.wire.take() == [[second]]
    assert desk.work.acknowledged_fixes == 1


def test_an_acknowledgement_without_ranges_covers_only_what_was_sent(desk: Desk) -> None:
    presses = [desk.press() for _ in range(3)]
    desk.wire.refuses_after = 1
    desk.step()
    sent = desk.wire.take()
    desk.work.acknowledge(control.LaneAck(lane=topics.Lane.PANIC, seq=presses[2]))
    desk.wire.refuses_after = None
    desk.step()

    assert sent == [[presses[2]]]
    assert [seq for seq, _ in desk.box.presses()] == [presses[1], presses[0]]
    assert desk.wire.take() == [[presses[1]], [presses[0]]]


def test_an_acknowledgement_without_ranges_covers_all_that_was_sent_up_to_its_number(desk: Desk) -> None:
    desk.fixes(3)
    desk.step()
    ((first, second, third),) = desk.wire.take()
    desk.work.acknowledge(control.LaneAck(lane=topics.Lane.FIXES, seq=second))
    desk.step()

    assert first < second
    left = desk.box.fixes_between(after=-1, upto=2**62, limit=10)
    assert left is not None
    assert [item.seq for item in left] == [third]


def test_a_press_without_acknowledgement_is_sent_every_30_s(desk: Desk) -> None:
    seq = desk.press()
    sent = []
    for _ in range(20):
        desk.step(10.0)
        sent += desk.wire.take()

    assert sent == [[seq]] * 7


def test_fixes_that_nobody_acknowledges_are_repeated_ever_more_rarely(desk: Desk) -> None:
    desk.fixes(1)
    sent = 0
    for _ in range(60):
        desk.step(10.0)
        sent += len(desk.wire.take())

    assert sent == 5  # at 10, 40, 100, 220 and 460 s


def test_all_that_is_not_acknowledged_goes_again_after_a_reconnect(desk: Desk) -> None:
    desk.fixes(3)
    press = desk.press()
    desk.step()
    desk.wire.take()
    desk.wire.session = 2

    desk.step(0.1)

    assert [len(message) for message in desk.wire.take()] == [1, 3]
    assert press


def test_presses_find_room_where_the_broker_does_not_answer_a_backlog(tmp_path: Path) -> None:
    desk = Desk(tmp_path, before=10_000)
    desk.wire.outstanding = 50
    desk.step()
    desk.wire.outstanding = 8
    desk.press()
    desk.fixes(1)

    desk.step()

    assert [len(message) for message in desk.wire.take()] == [1, 1]


def test_no_more_than_a_window_of_fixes_is_unacknowledged(tmp_path: Path) -> None:
    desk = Desk(tmp_path, before=20_000, rate=400)
    sent: list[int] = []
    for _ in range(28):
        desk.step(1.0)
        sent += [seq for message in desk.wire.take() for seq in message]

    assert 4_000 < len(sent) <= 5_000
    assert len(set(sent)) == len(sent)


def test_where_new_fixes_had_to_wait_the_newest_go_first(desk: Desk) -> None:
    desk.wire.outstanding = 50
    desk.fixes(700)
    desk.step()
    desk.wire.outstanding = 0
    desk.step(1.0)
    live, backlog = desk.wire.take()

    assert (len(live), len(backlog)) == (500, 200)
    assert live[0] > backlog[-1]


def test_what_a_disk_that_failed_for_a_while_holds_is_sent_without_a_reconnect(tmp_path: Path) -> None:
    desk = Desk(tmp_path, before=1_200)
    desk.box.write_fixes(now_s=0.0, now=NOW)
    desk.step()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        desk.fixes(1)
        desk.box.write_fixes(now_s=1.0, now=NOW)
        trouble = desk.box.trouble
        for _ in range(5):
            desk.step(1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    desk.box.write_fixes(now_s=10.0, now=NOW)
    for _ in range(5):
        desk.step(1.0)

    sent = [seq for message in desk.wire.take() for seq in message]
    assert trouble is not None
    assert desk.box.trouble is None
    assert len(sent) == len(set(sent)) == 1_201


def test_every_row_is_sent_at_least_once_whatever_is_acknowledged_and_lost(tmp_path: Path) -> None:
    desk = Desk(tmp_path, before=3_000, rate=5_000)
    for number in range(400):
        desk.fixes(3)
        desk.step(0.25)
        for message in desk.wire.take():
            if (number % 7) and not (number % 3):
                desk.acknowledge(topics.Lane.FIXES, *message)
        if number % 90 == 89:
            desk.wire.session += 1
    for _ in range(100):
        desk.step(10.0)
        for message in desk.wire.take():
            desk.acknowledge(topics.Lane.FIXES, *message)
    desk.step()

    assert desk.box.backlog == 0

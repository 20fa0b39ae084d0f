import datetime as dt
import json
import logging
import uuid
from pathlib import Path

import pytest

from domain import telemetry
from domain.wire import control, status, topics
from gateway import instants, outbox, outbox_bounds, panic_button, panic_sentence, press_clock, selection

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


class Wire:
    def __init__(self) -> None:
        self.told: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.told.append(data.split(b"*")[0])


class Room:
    """Buttons with an outbox and one line."""

    def __init__(self, folder: Path) -> None:
        self.box = outbox.Outbox(folder / "outbox.db", now=NOW, bounds=outbox_bounds.Bounds(most_fixes=1_000))
        self.line = Wire()
        self.buttons = panic_button.Buttons(
            self.box, selection.Selection(), press_clock.PressClock(None), lines=lambda: [self.line], silence_s=60.0
        )

    def hear(self, body: str, at_s: float = 0.0) -> bool:
        now = instants.Instant(NOW + dt.timedelta(seconds=at_s), at_s)
        signal = panic_sentence.read([part.encode() for part in body.split(",")])
        is_new = signal is not None and self.buttons.take(signal, self.line, now)
        self.buttons.confirm(self.box.write_presses(now_s=at_s))
        return is_new


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def notice(state: str, fob: str | None = "F1") -> control.AlertNotice:
    return control.AlertNotice(alert_id=uuid.uuid4(), state=state, fob=fob)


def test_received_is_told_once_the_press_is_on_the_disk(room: Room) -> None:
    assert room.hear("PDOP,PRESS,F1,7,83,-61")

    assert room.line.told == [b"$PDOP,ACK,F1,7,RECEIVED"]
    assert json.loads(room.box.presses()[0][1])["fob"] == "F1"


def test_received_waits_for_the_server_where_the_disk_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    room = Room(tmp_path / "state")
    room.hear("PDOP,PRESS,F1,7,83,-61")
    before = list(room.line.told)
    seq = room.box.presses()[0][0]

    room.buttons.settle(control.LaneAck(lane=topics.Lane.PANIC, seq=seq, ranges=((seq, seq),)))

    assert before == []
    assert room.line.told == [b"$PDOP,ACK,F1,7,RECEIVED"]


def test_the_lamp_follows_the_alert_and_only_the_states_that_it_knows(room: Room) -> None:
    room.hear("PDOP,PRESS,F1,7,83,-61")
    for state in ("open", "acknowledged", "escalated", "resolved"):
        room.buttons.notice(notice(state))

    assert room.line.told[1:] == [b"$PDOP,ACK,F1,7,ACKNOWLEDGED", b"$PDOP,ACK,F1,7,RESOLVED"]


def test_the_lamp_of_a_fob_heard_before_a_restart_is_lit_whichever_line_it_listens_on(
    room: Room, tmp_path: Path
) -> None:
    room.hear("PDOP,PRESS,F1,7,83,-61")
    room.box.close()
    again = Room(tmp_path)

    again.buttons.notice(notice("acknowledged"))

    assert again.line.told == [b"$PDOP,ACK,F1,7,ACKNOWLEDGED"]


def test_a_notice_without_a_fob_is_for_the_only_one(room: Room) -> None:
    room.hear("PDOP,PRESS,F1,7,83,-61")
    room.buttons.notice(notice("acknowledged", fob=None))
    room.hear("PDOP,PRESS,F2,9,83,-61")
    room.buttons.notice(notice("resolved", fob=None))

    assert room.line.told == [b"$PDOP,ACK,F1,7,RECEIVED", b"$PDOP,ACK,F1,7,ACKNOWLEDGED", b"$PDOP,ACK,F2,9,RECEIVED"]


def test_a_fob_that_falls_silent_is_said_once(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    room.hear("PDOP,ALIVE,F1,1,83,-61")
    states = [room.buttons.silent(mono_s=seconds) for seconds in (30, 61, 62)]
    room.hear("PDOP,ALIVE,F1,2,82,-61", at_s=63)
    states.append(room.buttons.silent(mono_s=64))

    assert states == [set(), {"F1"}, {"F1"}, set()]
    assert [record.getMessage() for record in caplog.records] == [
        "fob F1 has not been heard for 60 s",
        "fob F1 is heard again",
    ]


def test_a_clock_that_is_set_while_a_fob_is_watched_makes_it_neither_silent_nor_heard(room: Room) -> None:
    unset = instants.Instant(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 0.0)
    room.buttons.take(panic_sentence.Signal(kind=None, fob="F1", number=1), room.line, unset)
    later = instants.Instant(NOW, 1.0)
    room.buttons.take(panic_sentence.Signal(kind=None, fob="F2", number=1), room.line, later)

    assert (room.buttons.silent(mono_s=60.0), room.buttons.silent(mono_s=60.5)) == (set(), {"F1"})


def test_a_notice_for_a_wired_button_says_that_it_has_no_lamp(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    wired = panic_sentence.Signal(kind=telemetry.PressKind.PRESS, fob="door", number=None)
    room.buttons.take(wired, room.line, instants.Instant(NOW, 0.0))

    room.buttons.notice(notice("acknowledged", fob="door"))

    assert room.line.told == []
    assert caplog.messages[-1] == "the alert of fob door is acknowledged; there is no lamp to tell it"


def test_a_press_is_critical_in_the_log_and_a_test_is_not(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    room.hear("PDOP,PRESS,F1,1,83,-61")
    room.hear("PDOP,TEST,F1,2,83,-61")

    assert [record.levelno for record in caplog.records] == [logging.CRITICAL, logging.INFO]


def test_noise_that_passes_for_fobs_does_not_fill_the_memory(room: Room) -> None:
    for number in range(2 * status.MOST_ENTRIES):
        room.hear(f"PDOP,ALIVE,F{number},1,83,-61")

    fobs = room.buttons.fobs()

    assert len(fobs) == status.MOST_ENTRIES
    assert "F0" not in fobs


def test_a_press_with_a_number_past_all_bounds_counts(room: Room) -> None:
    assert room.hear("PDOP,PRESS,F1,99999999999999999999,88,-61")

    assert json.loads(room.box.presses()[0][1])["fob"] == "F1"
    assert room.box.trouble is None

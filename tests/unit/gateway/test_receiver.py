import datetime as dt
import logging
from pathlib import Path

import pytest

from gateway import instants, known_rates, port_settings, receiver, sentence, serial_line

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
RATES = known_rates.KnownRates(Path("nowhere") / "rates.json")
GOOD = sentence.encode("GPGSA,A,3,1,2,3,4,,,,,,,,,1.0,1.0,1.0")


@pytest.fixture
def watched() -> receiver.Receiver:
    """A receiver whose line is open; the test is the line."""
    port = port_settings.Port(name="gps", device="/dev/ttyS0", baud=4_800)
    watched = receiver.Receiver(port, fixes=lambda _name, _fixes: None, button=lambda _parts, _line: None, rates=RATES)
    watched.line.state = serial_line.LineState.OPEN
    return watched


def judge(watched: receiver.Receiver, *pieces: tuple[float, bytes]) -> list[str]:
    states = []
    for at_s, data in pieces:
        watched._hear(data)
        watched.judge(instants.Instant(NOW, at_s))
        states.append(watched.state)
    return states


def test_garbage_is_said_once_with_the_rate_and_so_is_its_end(
    watched: receiver.Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    noise = bytes(range(128, 256))

    states = judge(watched, (0.0, noise), (5.0, noise), (10.0, noise), (20.0, noise), (21.0, GOOD))

    assert states == ["open", "open", "garbled", "garbled", "open"]
    assert [record.getMessage() for record in caplog.records] == [
        "port gps: /dev/ttyS0 sends garbage: 256 bytes in 10 s and not one whole sentence; is 4800 baud right?",
        "port gps: /dev/ttyS0 sends sentences again",
    ]


def test_silence_is_told_from_garbage(watched: receiver.Receiver) -> None:
    assert judge(watched, (0.0, GOOD), (10.0, GOOD), (20.0, b""), (30.0, b"")) == ["open", "open", "silent", "silent"]


def test_a_line_of_panic_buttons_may_rest_between_their_words(watched: receiver.Receiver) -> None:
    word = sentence.encode("PDOP,ALIVE,F1,7,83,-61")

    assert judge(watched, (0.0, b""), (10.0, b""), (20.0, word), (30.0, b""), (9_000.0, b"")) == [
        "open", "silent", "open", "open", "open",
    ]  # fmt: skip


def test_a_line_that_is_not_open_is_not_judged(watched: receiver.Receiver) -> None:
    watched.line.state = serial_line.LineState.MISSING

    assert judge(watched, (0.0, b""), (20.0, b"")) == ["missing", "missing"]


def test_pauses_inside_epochs_stop_ending_them_after_some_were_torn(watched: receiver.Receiver) -> None:
    given: list[float | None] = []
    watched._fixes = lambda _name, fixes: given.extend(fix.speed_mps for fix in fixes)
    for second in range(20):
        time = f"1011{second:02d}.00"
        watched._hear(
            sentence.encode(f"GPGGA,{time},4851.5,N,00217.1,E,1,09,0.9,35.2,M,47.0,M,,")
            + (b"" if second else sentence.encode(f"GPZDA,{time},01,03,2026,,"))
        )
        watched._rest()
        watched._hear(sentence.encode(f"GPRMC,{time},A,4851.5,N,00217.1,E,10.0,90.0,010326,,,A"))
        watched._rest()

    assert given[0] is None
    assert all(speed is not None for speed in given[5:])
    assert len(given) >= 18


def test_a_press_is_handed_on_after_the_fixes_that_came_before_it_in_the_same_piece(watched: receiver.Receiver) -> None:
    order: list[str] = []
    watched._fixes = lambda _name, fixes: order.extend(f"fix {fix.time.second}" for fix in fixes)
    watched._button = lambda parts, _line: order.append(parts[1].decode())
    seconds = [
        sentence.encode(f"GPRMC,1011{second}.00,A,4851.5,N,00217.1,E,10.0,90.0,010326,,,A")
        for second in (10, 11, 12, 13)
    ]

    watched._hear(b"".join(seconds) + sentence.encode("PDOP,PRESS,F1,7,83,-61"))
    watched._rest()

    assert order == ["fix 10", "fix 11", "PRESS", "fix 12", "fix 13"]


def test_a_sentence_that_cannot_be_dealt_with_costs_itself_alone(
    watched: receiver.Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[bytes] = []

    def button(parts: list[bytes], _line: serial_line.SerialLine) -> None:
        heard.append(parts[2])
        if parts[2] == b"F1":
            raise OverflowError("too large")

    watched._button = button
    watched._hear(sentence.encode("PDOP,PRESS,F1,1,88,-61") + sentence.encode("PDOP,PRESS,F2,1,88,-61"))

    assert heard == [b"F1", b"F2"]
    assert [record.getMessage() for record in caplog.records] == ["port gps: a sentence could not be dealt with"]

import datetime as dt
import itertools
import sys

import pynmea2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import telemetry
from gateway import nmea, sentence
from tests.unit.gateway import nmea_strategies


def rmc(time: str, lat: str = "4807.0380", date: str = "191125", status: str = "A") -> bytes:
    return sentence.encode(f"GPRMC,{time},{status},{lat},N,01131.0000,E,10.0,84.4,{date},,,A")


def gga(time: str, lat: str = "4807.0380", quality: int = 1) -> bytes:
    return sentence.encode(f"GPGGA,{time},{lat},N,01131.0000,E,{quality},08,0.9,545.4,M,46.9,M,,")


GSA = sentence.encode("GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1")


def decode(*sentences: bytes) -> list[telemetry.Fix]:
    assembler = nmea.Assembler()
    return assembler.feed(b"".join(sentences)) + assembler.flush()


def test_the_sentences_of_one_second_are_one_fix() -> None:
    (fix,) = decode(rmc("101112.00"), gga("101112.00"), GSA)

    assert fix.time == dt.datetime(2025, 11, 19, 10, 11, 12, tzinfo=dt.UTC)
    assert fix.mode is telemetry.FixMode.THREE_D
    assert (fix.alt_m, fix.course_deg, fix.hdop, fix.satellites) == (545.4, 84.4, 0.9, 8)
    assert fix.speed_mps == pytest.approx(5.1444, abs=1e-4)


def test_stamps_a_few_milliseconds_apart_are_one_fix_and_10_hz_stay_apart() -> None:
    assert len(decode(rmc("101112.000"), gga("101112.004"))) == 1
    assert len(decode(rmc("101112.00"), rmc("101112.10"), rmc("101112.20"))) == 3


def test_a_date_dates_what_follows_it_and_not_what_came_before() -> None:
    fixes = decode(gga("101110.00"), gga("101111.00"), rmc("101112.00"), gga("101113.00"))

    assert [fix.time.second for fix in fixes] == [12, 13]


def test_a_blank_void_sentence_changes_nothing_of_the_fix_before() -> None:
    blank = sentence.encode("GPRMC,,V,,,,,,,,,,N")

    assert decode(rmc("101112.00"), blank, gga("101112.00")) == decode(rmc("101112.00"), gga("101112.00"))


@pytest.mark.parametrize(
    "line",
    [rmc("101113.00", status="V"), gga("101113.00", quality=0), gga("101113.00", quality=8)],
    ids=["void", "quality 0", "simulator"],
)
def test_an_invalid_position_is_no_fix_however_plausible(line: bytes) -> None:
    assert [fix.time.second for fix in decode(rmc("101112.00"), line, rmc("101114.00"))] == [12, 14]


def test_a_valid_sentence_beside_a_simulated_one_is_simulated() -> None:
    assert decode(gga("101112.00", quality=8), rmc("101112.00")) == []


def test_a_second_told_again_is_not_given_out_again() -> None:
    assembler = nmea.Assembler()

    fixes = assembler.feed(rmc("101112.00")) + assembler.flush() + assembler.feed(gga("101112.00")) + assembler.flush()

    assert len(fixes) == 1
    assert assembler.counts.late == 1


def test_a_prompt_assembler_gives_a_fix_with_the_last_sentence_of_its_cycle() -> None:
    assembler = nmea.Assembler(prompt=True)
    for second in range(10, 18):
        assembler.feed(gga(f"1011{second}.00") + GSA + rmc(f"1011{second}.00"))

    before = assembler.feed(gga("101118.00") + GSA)
    with_the_last = assembler.feed(rmc("101118.00"))

    assert before == []
    assert [fix.time.second for fix in with_the_last] == [18]


def test_a_prompt_assembler_unlearns_a_cycle_that_had_more_to_say() -> None:
    assembler = nmea.Assembler(prompt=True)
    fixes: list[telemetry.Fix] = []
    for tenths in range(400):
        time = f"1012{tenths // 10:02d}.{tenths % 10}0"
        fixes += assembler.feed(gga(time) + (rmc(time) if tenths % 10 == 0 else b""))
    fixes += assembler.flush()

    # GGA at 10 Hz seems the whole cycle until the RMC of each full second comes: in the end no RMC is too late.
    assert len(fixes) == 400
    assert [fix.speed_mps is not None for fix in fixes[300::10]] == [True] * 10


def test_a_fix_after_a_long_silence_gets_the_next_day() -> None:
    fixes = decode(rmc("230000.00"), gga("010000.00"), gga("090000.00"))

    assert [fix.time.isoformat() for fix in fixes] == [
        "2025-11-19T23:00:00+00:00",
        "2025-11-20T01:00:00+00:00",
        "2025-11-20T09:00:00+00:00",
    ]


@given(st.integers(0, 8999), st.integers(0, 5_999_999), st.sampled_from("NS"))
def test_positions_are_those_that_pynmea2_reads(degrees: int, minutes: int, hemisphere: str) -> None:
    lat = f"{degrees // 100:02d}{minutes / 100_000:08.5f}"
    body = f"GPGGA,101112.00,{lat},{hemisphere},01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"

    (fix,) = decode(rmc("101112.00"), sentence.encode(body))

    assert fix.position.lat == pytest.approx(pynmea2.parse(f"${body}").latitude, abs=1e-8)


@given(nmea_strategies.streams, st.lists(st.integers(0, 2_000), max_size=6), st.booleans())
def test_the_pieces_in_which_a_line_is_read_make_no_difference(stream: bytes, cuts: list[int], prompt: bool) -> None:  # noqa: FBT001
    whole, pieces = nmea.Assembler(prompt=prompt), nmea.Assembler(prompt=prompt)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]

    expected = whole.feed(stream) + whole.flush()
    found = [fix for a, b in itertools.pairwise(edges) for fix in pieces.feed(stream[a:b])] + pieces.flush()

    assert found == expected


@given(st.lists(st.binary(max_size=200) | nmea_strategies.sentences, max_size=30), st.booleans())
def test_no_bytes_make_it_raise(chunks: list[bytes], prompt: bool) -> None:  # noqa: FBT001
    assembler = nmea.Assembler(prompt=prompt)
    for chunk in chunks:
        assembler.feed(chunk)
    assembler.flush()


@given(nmea_strategies.streams)
def test_no_instant_is_given_out_twice_within_a_stream(stream: bytes) -> None:
    times = [fix.time for fix in decode(stream)]
    near = [(a, b) for a, b in itertools.pairwise(sorted(times)) if b - a <= dt.timedelta(milliseconds=15)]

    # Only a stream that goes back over more epochs than are remembered could repeat one.
    assert len(near) <= max(0, len(times) - 8)


def test_memory_is_constant_whatever_comes() -> None:
    assembler = nmea.Assembler(prompt=True)
    for number in range(20_000):
        assembler.feed(
            b"$GPGSA,A,3\r\n$" + b"\xff" * 50 + GSA + (rmc("101112.00") if number % 2 else b"$" + b"G" * 300)
        )

    held = [*assembler._open, assembler._current, *assembler._leading, *assembler._given]
    assert len(held) < 64
    assert all(len(epoch.parts) <= 64 for epoch in assembler._open)
    assert sys.getsizeof(assembler.framer._rest) < 400

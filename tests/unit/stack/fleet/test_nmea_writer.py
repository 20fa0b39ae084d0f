"""What the simulated receiver writes, the real gateway reads."""

import dataclasses
import datetime as dt
import math

import pytest

from gateway import nmea, sentence
from stack.fleet import nmea_writer

_EPOCH = nmea_writer.Epoch(
    time=dt.datetime(2026, 3, 4, 5, 6, 7, 890_000, dt.UTC),
    lat=60.1716123,
    lon=24.9443123,
    alt_m=12.3,
    speed_mps=8.33,
    course_deg=123.4,
    hdop=1.1,
    satellites=9,
    mode=3,
)


def test_every_sentence_has_a_right_checksum() -> None:
    framer = sentence.Framer()

    addresses = [fields[0] for fields in framer.feed(nmea_writer.sentences(_EPOCH))]

    assert addresses == [b"GNRMC", b"GNGGA", b"GNGSA"]
    assert framer.counts.bad_checksum == framer.counts.no_checksum == framer.counts.broken == 0


@pytest.mark.parametrize(
    ("degrees", "width", "text"),
    [(60.5, 2, "6030.00000"), (24.9443123, 3, "02456.65874"), (-0.25, 3, "00015.00000"), (9.99999999, 2, "1000.00000")],
)
def test_degrees_are_written_as_degrees_and_minutes(degrees: float, width: int, text: str) -> None:
    assert nmea_writer._minutes(degrees, width) == text


def test_south_and_west_have_their_letters() -> None:
    written = nmea_writer.sentences(dataclasses.replace(_EPOCH, lat=-33.9, lon=-18.4)).decode()

    assert ",S,01824.00000,W," in written


def test_a_lost_fix_is_told_as_void() -> None:
    rmc, gga, gsa = nmea_writer.sentences(dataclasses.replace(_EPOCH, lat=None)).decode().split()

    assert rmc.split(",")[2] == "V"
    assert gga.split(",")[6] == "0"
    assert gsa.split(",")[2] == "1"
    assert "6010" not in rmc + gga


def test_who_stands_writes_no_course() -> None:
    rmc = nmea_writer.sentences(dataclasses.replace(_EPOCH, course_deg=math.nan, speed_mps=0.04)).decode().split()[0]

    assert rmc.split(",")[8] == ""


def test_the_gateway_reads_the_same_fix() -> None:
    assembler = nmea.Assembler()

    fixes = assembler.feed(nmea_writer.sentences(_EPOCH)) + assembler.flush()

    assert len(fixes) == 1
    read = fixes[0]
    assert read.time == _EPOCH.time
    assert read.position.lat == pytest.approx(60.1716123, abs=1e-7)
    assert read.position.lon == pytest.approx(24.9443123, abs=1e-7)
    assert read.speed_mps == pytest.approx(8.33, abs=0.01)
    assert (read.mode, read.hdop, read.satellites, read.alt_m, read.course_deg) == (3, 1.1, 9, 12.3, 123.4)


def test_the_gateway_reads_nothing_where_the_fix_is_lost() -> None:
    assembler = nmea.Assembler()

    fixes = assembler.feed(nmea_writer.sentences(dataclasses.replace(_EPOCH, lat=None))) + assembler.flush()

    assert fixes == []

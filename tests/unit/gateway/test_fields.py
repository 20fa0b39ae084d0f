import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import fields


@pytest.mark.parametrize(
    ("raw", "expected_ms"),
    [
        (b"000000", 0),
        (b"000000.", 0),
        (b"000001.5", 1_500),
        (b"235959.9999", fields.DAY_MS - 1),
        (b"123460.00", (12 * 60 + 35) * 60_000 - fields.SAME_EPOCH_MS - 1),
    ],
)
def test_a_time_of_day_is_read_to_the_millisecond(raw: bytes, expected_ms: int) -> None:
    assert fields.time_of_day_ms(raw) == expected_ms


@pytest.mark.parametrize(
    "raw", [b"", b"1234", b"246000", b"126000", b"123461", b"12345a", b"123456,1", b"-12345", b"123456.1.2", b"1234567"]
)
def test_a_time_that_no_clock_shows_is_none(raw: bytes) -> None:
    assert fields.time_of_day_ms(raw) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"190615", dt.date(2015, 6, 19)),
        (b"220899", dt.date(1999, 8, 22)),
        (b"290224", dt.date(2024, 2, 29)),
        (b"290223", None),
        (b"2208-1", None),
        (b"", None),
        (b"000000", None),
        (b"1906150", None),
    ],
)
def test_a_date_of_rmc(raw: bytes, expected: dt.date | None) -> None:
    assert fields.day_of_ddmmyy(raw) == (expected and expected.toordinal())


@pytest.mark.parametrize(
    ("raw", "hemisphere", "expected"),
    [
        (b"5230.88855", b"N", 52.514809167),
        (b"3747.0873", b"S", -37.784788333),
        (b"0000.0000", b"N", 0.0),
        (b"5.5", b"N", 0.091666667),
        (b"4560.0000", b"N", 46.0),
        (b"9000.0000", b"S", -90.0),
    ],
)
def test_a_latitude_is_read_to_a_tenth_of_a_millimetre(raw: bytes, hemisphere: bytes, expected: float) -> None:
    assert fields.coordinate(raw, hemisphere, b"N", b"S", 90.0) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b".",
        b"8960.0001",
        b"9000.001",
        b"36000.0000",
        b"4561.0",
        b"-4530.0",
        b"45e1",
        b"nan",
        b"inf",
        b"45 30.0",
        b" ",
    ],
)
def test_an_impossible_latitude_is_none(raw: bytes) -> None:
    assert fields.coordinate(raw, b"N", b"N", b"S", 90.0) is None


def test_a_coordinate_without_its_hemisphere_is_none() -> None:
    assert fields.coordinate(b"4530.0", b"", b"N", b"S", 90.0) is None
    assert fields.coordinate(b"4530.0", b"E", b"N", b"S", 90.0) is None


@pytest.mark.parametrize("raw", [b"", b"nan", b"inf", b"1e5", b"1_0", b"1 2", b" ", b"--1", b"1.2.3", b"0x1"])
def test_what_is_no_plain_decimal_is_no_number(raw: bytes) -> None:
    assert fields.number(raw) is None


def test_sentinels_are_none_in_the_fields_that_use_them() -> None:
    assert fields.speed_mps(b"999.9", fields.KNOT_MPS) is None
    assert fields.course_deg(b"999.9") is None
    assert fields.dilution(b"99.99") is None
    assert fields.altitude_m(b"-99.0") is None
    assert fields.altitude_m(b"999.9") == 999.9


@given(st.binary(max_size=20))
def test_no_bytes_make_a_field_raise(raw: bytes) -> None:
    for read in (
        fields.number,
        fields.time_of_day_ms,
        fields.day_of_ddmmyy,
        fields.course_deg,
        fields.dilution,
        fields.altitude_m,
        fields.satellites,
    ):
        read(raw)
    fields.coordinate(raw, b"N", b"N", b"S", 90.0)
    fields.speed_mps(raw, fields.KNOT_MPS)
    fields.day_of(raw, raw, raw)

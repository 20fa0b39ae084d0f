"""What receivers of other makers do, a clause each: u-blox, SiRF, MTK, Garmin, Trimble, Furuno, Quectel and Skytraq habits, made up."""

import datetime as dt
import itertools
from collections.abc import Callable

import pytest

from domain import telemetry
from gateway import nmea, rollover, sentence

UBX = b"\xb5\x62\x01\x07\x04\x00$\x2a\x00\xff\x11\x22"
RTCM = b"\xd3\x00\x13>\xd7$GP\x00\xd3\x02\x02"
SIRF = b"\xa0\xa2\x00\x29\x02\xff\xd6$*7\x00\xb0\xb3"


def rmc(
    time: str, date: str = "191125", *, talker: str = "GP", status: str = "A", mode: str = "A", lat: str = "4807.0380"
) -> bytes:
    return sentence.encode(f"{talker}RMC,{time},{status},{lat},N,01131.0000,E,10.0,84.4,{date},,,{mode}")


def gga(time: str, *, talker: str = "GP", quality: str = "1", satellites: str = "08", hdop: str = "0.9") -> bytes:
    return sentence.encode(
        f"{talker}GGA,{time},4807.0380,N,01131.0000,E,{quality},{satellites},{hdop},545.4,M,46.9,M,,"
    )


def gll(time: str, status: str = "A", mode: str = "A") -> bytes:
    return sentence.encode(f"GPGLL,4807.0380,N,01131.0000,E,{time},{status},{mode}")


def gns(time: str, modes: str = "AA") -> bytes:
    return sentence.encode(f"GNGNS,{time},4807.0380,N,01131.0000,E,{modes},11,0.7,545.4,46.9,,")


def zda(time: str, day: str = "19", month: str = "11", year: str = "2025") -> bytes:
    return sentence.encode(f"GPZDA,{time},{day},{month},{year},00,00")


def decode(*sentences: bytes) -> list[telemetry.Fix]:
    assembler = nmea.Assembler()
    return assembler.feed(b"".join(sentences)) + assembler.flush()


def stamps(*sentences: bytes) -> list[str]:
    return [f"{fix.time:%Y-%m-%d %H:%M:%S.%f}"[:-3] for fix in decode(*sentences)]


@pytest.mark.parametrize(
    "between",
    [UBX, RTCM, SIRF, b"\0\0\0", b"$", b"\r\r\n", b"$GPRMC,10", b"\xff\xfe", b"$PMTK010,001*2E", b"$PUBX,00*"],
)
def test_what_stands_between_sentences_costs_none(between: bytes) -> None:
    assert len(decode(rmc("101112"), between, gga("101112"), between, rmc("101113"), between, gga("101113"))) == 2


def test_sentences_may_be_glued_doubled_and_lower_case() -> None:
    glued = rmc("101112").strip() + b"$" + rmc("101113").strip().lower().replace(b"$gprmc", b"$GPRMC")
    lower = rmc("101114").strip()

    assert stamps(b"$" + rmc("101112"), rmc("101113").strip(), lower[:-2] + lower[-2:].lower()) == [
        "2025-11-19 10:11:12.000",
        "2025-11-19 10:11:13.000",
        "2025-11-19 10:11:14.000",
    ]
    assert len(decode(glued)) == 1  # a changed body does not fit its checksum


@pytest.mark.parametrize("tail", [b"\r\n", b"*\r\n", b"*0\r\n", b"*G0\r\n", b"*00\r\n"])
def test_without_its_right_checksum_a_sentence_is_refused(tail: bytes) -> None:
    assert decode(rmc("101112"), rmc("101113").split(b"*")[0] + tail, rmc("101114")) == decode(
        rmc("101112"), rmc("101114")
    )


@pytest.mark.parametrize("gga_first", [True, False])
def test_midnight_is_crossed_whichever_sentence_comes_first(gga_first: bool) -> None:  # noqa: FBT001
    dates = {"235958": "311225", "235959": "311225", "000000": "010126", "000001": "010126"}
    seconds = [
        [gga(time), rmc(time, date)] if gga_first else [rmc(time, date), gga(time)] for time, date in dates.items()
    ]

    found = stamps(*itertools.chain(*seconds))

    assert found == [
        "2025-12-31 23:59:58.000",
        "2025-12-31 23:59:59.000",
        "2026-01-01 00:00:00.000",
        "2026-01-01 00:00:01.000",
    ]


@pytest.mark.parametrize("date_first", [True, False])
def test_the_date_may_come_from_zda_on_either_side(date_first: bool) -> None:  # noqa: FBT001
    seconds = [
        [zda(f"1011{s}"), gga(f"1011{s}")] if date_first else [gga(f"1011{s}"), zda(f"1011{s}")] for s in (10, 11, 12)
    ]

    assert stamps(*itertools.chain(*seconds))[-2:] == ["2025-11-19 10:11:11.000", "2025-11-19 10:11:12.000"]


@pytest.mark.parametrize("only", [gll, gns, gga])
def test_one_type_of_position_and_zda_are_enough(only: Callable[[str], bytes]) -> None:
    assert len(decode(*(zda(f"1011{s}") + only(f"1011{s}") for s in range(10, 15)))) == 5


def test_rmc_alone_is_enough() -> None:
    (fix,) = decode(rmc("101112"))

    assert (fix.mode, fix.alt_m, fix.hdop, fix.course_deg) == (telemetry.FixMode.TWO_D, None, None, 84.4)


def test_stamps_are_one_instant_however_many_fractions_are_written() -> None:
    assert stamps(rmc("101112"), gga("101112.00"), gll("101112.000"), gns("101112.0")) == ["2025-11-19 10:11:12.000"]


@pytest.mark.parametrize("hertz", [5, 10, 20, 25, 50])
def test_fast_receivers_stay_apart(hertz: int) -> None:
    times = [f"1011{n // hertz:02d}.{n % hertz * 1_000 // hertz:03d}" for n in range(2 * hertz)]

    assert len(decode(*(rmc(time) + gga(time) for time in times))) == 2 * hertz


def test_all_talkers_of_a_second_are_one_fix_of_the_most_satellites() -> None:
    seconds = [
        [gga(f"1011{s}", talker=talker, satellites=count) for talker, count in [("GP", "05"), ("GL", "03"), ("GA", "02"), ("BD", "04"), ("GN", "14")]]
        + [rmc(f"1011{s}", talker="GN")]
        for s in range(10, 14)
    ]  # fmt: skip

    fixes = decode(rmc("101109"), *itertools.chain(*seconds))[1:]

    assert [fix.satellites for fix in fixes] == [14, 14, 14, 14]


@pytest.mark.parametrize("blank", [b"", b",,,,"])
def test_a_sentence_without_a_time_in_the_middle_harms_nothing(blank: bytes) -> None:
    middle = [sentence.encode("GPGGA,,,,,,0,00,99.99,,,,,,"), sentence.encode("GPGLL,,,,,,V,N"), blank]

    assert decode(rmc("101112"), *middle, gga("101112"), rmc("101113")) == decode(
        rmc("101112"), gga("101112"), rmc("101113")
    )


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        pytest.param(rmc("101113", status="V", mode="N") + gga("101113", quality="0"), 0, id="last position repeated while void"),
        pytest.param(rmc("101113", mode="S"), 0, id="RMC in simulator mode"),
        pytest.param(gll("101113", mode="S"), 0, id="GLL in simulator mode"),
        pytest.param(gns("101113", "SS"), 0, id="GNS in simulator mode"),
        pytest.param(gns("101113", "NN"), 0, id="GNS without a fix"),
        pytest.param(gll("101113", "V", "N"), 0, id="GLL void"),
        pytest.param(rmc("101113", status="V", mode="E") + gga("101113", quality="6"), 0, id="estimated and denied"),
        pytest.param(rmc("101113", mode="E") + gga("101113", quality="6"), 1, id="estimated and held good"),
        pytest.param(rmc("101113", status="D", mode="D"), 1, id="RMC with a status D"),
        pytest.param(rmc("101113", status=""), 0, id="RMC without a status"),
        pytest.param(rmc("101113", mode="N"), 1, id="RMC valid by its status, without a fix by its mode"),
        pytest.param(rmc("101113", mode="N") + gga("101113", quality="0"), 0, id="RMC at odds with itself, denied by GGA"),
        pytest.param(gll("101113", "V") + rmc("101113", mode="N"), 0, id="RMC at odds with itself, denied by GLL"),
        pytest.param(gll("101113", mode="N"), 1, id="GLL valid by its status, without a fix by its mode"),
        pytest.param(gll("101113", mode="N") + gga("101113"), 1, id="GLL at odds with itself, borne out by GGA"),
        pytest.param(gga("101113", quality="7"), 1, id="manual"),
        pytest.param(gga("101113", quality="4"), 1, id="RTK"),
        pytest.param(gga("101113", quality="8"), 0, id="simulator"),
        pytest.param(gga("101113", quality=""), 0, id="no quality"),
    ],
)  # fmt: skip
def test_what_counts_as_a_position(lines: bytes, count: int) -> None:
    assert len(decode(rmc("101112"), lines, rmc("101114"))) == 2 + count


def test_a_clock_that_steps_back_repeats_no_second_and_goes_on() -> None:
    # The leap seconds arrive with the almanac: the receiver's UTC goes back by some seconds.
    ahead = [rmc(f"1011{s}") for s in range(30, 34)]
    after = [rmc(f"1011{s}") for s in range(15, 19)]

    assert len(decode(*ahead, *after)) == 8
    assert len(set(stamps(*ahead, *after, *ahead))) == len(stamps(*ahead, *after, *ahead))


@pytest.mark.parametrize(
    ("written", "year", "in_run"),
    [("060180", 1980, 2019), ("190306", 2006, 2025), ("050206", 2006, 2025), ("191125", 2025, 2025), ("010180", 1980, 2019)],
)  # fmt: skip
def test_dates_before_the_floor_are_corrected_by_run_only(written: str, year: int, in_run: int) -> None:
    (fix,) = decode(rmc("101112", written))
    floor, now = dt.date(2019, 1, 1), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

    assert fix.time.year == year
    assert rollover.corrected(fix, floor=floor, now=now).time.year == in_run


def test_a_wrong_first_date_does_not_stay() -> None:
    assert stamps(rmc("000012", "060180"), rmc("101113"), gga("101114"))[1:] == [
        "2025-11-19 10:11:13.000",
        "2025-11-19 10:11:14.000",
    ]


@pytest.mark.parametrize("hdop", ["", "99.99", "99.9", "0.0", "-1", "99.00"])
def test_hdop_comes_only_from_where_it_stands(hdop: str) -> None:
    gsa = sentence.encode("GNGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1,1")
    no_hdop = sentence.encode("GPGSA,A,3,04,05,2.5,1.3,2.1")

    (short,) = decode(rmc("101112"), gga("101112", hdop=hdop), no_hdop)
    (whole,) = decode(rmc("101112"), gga("101112", hdop=hdop), gsa)

    assert (short.hdop, whole.hdop) == (None, 1.3)


@pytest.mark.parametrize("speed_course", ["999.9,999.9", ",", "-99,-99", "nan,inf"])
def test_a_speed_and_course_that_are_not_known_are_null(speed_course: str) -> None:
    line = sentence.encode(f"GPRMC,101112,A,4807.0380,N,01131.0000,E,{speed_course},191125,,,A")

    (fix,) = decode(line)

    assert (fix.speed_mps, fix.course_deg) == (None, None)


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        ("5133.8200,N", "042.2400,W", (51.563666667, -0.704)),
        ("5133.8200,N", "42.2400,W", (51.563666667, -0.704)),
        ("3351.5000,S", "15112.5000,E", (-33.858333333, 151.208333333)),
        ("1800.0000,S", "18000.0000,W", (-18.0, -180.0)),
        ("0000.0000,N", "00000.0000,E", (0.0, 0.0)),
    ],
)
def test_positions_of_every_quarter_and_width(lat: str, lon: str, expected: tuple[float, float]) -> None:
    (fix,) = decode(sentence.encode(f"GPRMC,101112,A,{lat},{lon},1.0,84.4,191125,,,A"))

    assert (fix.position.lat, fix.position.lon) == expected


def test_fields_may_be_padded_with_blanks() -> None:
    (fix,) = decode(sentence.encode("GPRMC,101112,A, 4807.0380,N, 1131.0000,E,  10.0, 84.4,191125,,,A"))

    assert (fix.position.lat, fix.position.lon, fix.course_deg) == (48.1173, 11.516666667, 84.4)
    assert fix.speed_mps == pytest.approx(5.144, abs=0.001)


@pytest.mark.parametrize("lat", ["48 07.0380", " ", "4807 .0380"])
def test_a_blank_within_a_number_makes_it_none(lat: str) -> None:
    assert decode(rmc("101112", lat=lat)) == []


def pashr(time: str, mode: str = "0") -> bytes:
    return sentence.encode(
        f"PASHR,POS,{mode},07,{time},3351.5000,S,15112.5000,E,81.2,,084.4,010.0,000.1,2.5,1.3,2.1,1.1,ABCD"
    )


def test_an_ashtech_receiver_needs_no_other_position() -> None:
    fixes = decode(*(zda(f"1011{s}") + pashr(f"1011{s}.00") for s in (10, 11, 12)))

    assert [f"{fix.time:%S}" for fix in fixes] == ["10", "11", "12"]
    assert (fixes[0].position.lat, fixes[0].position.lon) == (-33.858333333, 151.208333333)
    assert (fixes[0].course_deg, fixes[0].hdop, fixes[0].satellites, fixes[0].alt_m) == (84.4, 1.3, 7, None)
    assert fixes[0].speed_mps is None


@pytest.mark.parametrize(
    "line",
    [
        pashr("101113", ""),
        sentence.encode("PASHR,101113.000,084.40,T,-00.47,+00.00,-00.00,0.362,0.361,0.077,2,3"),
        sentence.encode("PASHR,POS,,,,,,,,,,,,,,,,,ABCD"),
        sentence.encode("PASHR,POS,0,07"),
        sentence.encode("PASHR"),
    ],
)
def test_other_sentences_of_ashtech_are_no_position(line: bytes) -> None:
    assert decode(rmc("101112"), line, rmc("101114")) == decode(rmc("101112"), rmc("101114"))


def test_two_receivers_on_one_line_are_one_fix_a_second() -> None:
    seconds = [
        rmc(f"1011{s}", talker="GP") + rmc(f"1011{s}", talker="GN") + gga(f"1011{s}", talker="GN")
        for s in range(10, 15)
    ]

    assert len(decode(*seconds)) == 5


@pytest.mark.parametrize("address", [")PRMC", "gPRMC", "G\x7eRMC", "GPRMCX", "PGRMC", "GRMC"])
def test_a_garbled_or_foreign_address_is_no_sentence_of_a_position(address: str) -> None:
    line = sentence.encode(f"{address},101113,A,4807.0380,N,01131.0000,E,10.0,84.4,191125,,,A")

    assert stamps(rmc("101112"), line) == ["2025-11-19 10:11:12.000"]

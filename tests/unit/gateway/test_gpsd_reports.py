import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import geo, telemetry
from gateway import gpsd_reports

TPV = {
    "class": "TPV", "device": "/dev/ttyACM0", "mode": 3, "time": "2026-03-01T10:11:12.000Z", "lat": 48.85, "lon": 2.28,
    "altHAE": 82.2, "altMSL": 35.2, "speed": 5.1, "track": 90.0, "eph": 7.6,
}  # fmt: skip
SKY = {
    "class": "SKY",
    "device": "/dev/ttyACM0",
    "hdop": 0.9,
    "satellites": [{"PRN": 1, "used": True}, {"PRN": 2, "used": False}],
}


def lines(*reports: Any) -> bytes:
    return b"".join(json.dumps(report).encode() + b"\r\n" for report in reports)


def test_a_report_is_a_fix_with_the_dilution_of_the_sky_before_it() -> None:
    fix = gpsd_reports.Reports().feed(lines({"class": "VERSION"}, SKY, TPV))[0]

    assert fix.position == geo.Position(48.85, 2.28)
    assert (fix.mode, fix.alt_m, fix.speed_mps, fix.course_deg) == (telemetry.FixMode.THREE_D, 35.2, 5.1, 90.0)
    assert (fix.hdop, fix.satellites, fix.accuracy_m) == (0.9, 1, 7.6)


def test_a_report_in_pieces_is_one() -> None:
    reports = gpsd_reports.Reports()

    assert len([fix for byte in lines(TPV) for fix in reports.feed(bytes([byte]))]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"mode": 1}, {"mode": 0}, {"mode": "3"}, {"status": 8}, {"time": None}, {"time": "2026-03-01T10:11:12"},
        {"lat": float("nan")}, {"lat": 91.0}, {"lon": None}, {"lat": True},
    ],
)  # fmt: skip
def test_no_fix_is_made_of_what_is_none(change: dict[str, Any]) -> None:
    assert gpsd_reports.Reports().feed(lines(TPV | change)) == []


def test_an_instant_is_told_once() -> None:
    assert len(gpsd_reports.Reports().feed(lines(TPV, TPV))) == 1


@given(st.lists(st.one_of(st.binary(), st.dictionaries(st.sampled_from([*TPV, *SKY]), st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("TPV"), st.just("SKY"))).map(lines))))  # fmt: skip
def test_nothing_that_comes_raises(pieces: list[bytes]) -> None:
    reports = gpsd_reports.Reports()
    for piece in pieces:
        reports.feed(piece + b"\n")

    assert len(reports.feed(b"\n" + lines(TPV))) == 1

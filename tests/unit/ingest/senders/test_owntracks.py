import contextlib
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import geo, telemetry
from domain.wire import fields
from ingest.senders import owntracks, reports

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SHARED = Path(__file__).parents[4].parent / "shared" / "data" / "traces" / "owntracks_payloads.jsonl"


def read(record: Any) -> reports.Report:
    return owntracks.read(json.dumps(record).encode(), received_at=NOW)


def location(**more: Any) -> reports.Report:
    return read({"_type": "location", "lat": 60.17, "lon": 24.94, "tst": 1_772_366_400, **more})


def only_fix(report: reports.Report) -> telemetry.Fix:
    (fix,) = report.fixes
    return fix


def test_a_location_becomes_a_fix_in_our_units() -> None:
    report = location(vel=36, cog=270, acc=5, alt=12, batt=67, odometer=12.5)

    fix = only_fix(report)
    assert fix.time == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    assert fix.position == geo.Position(60.17, 24.94)
    assert fix.speed_mps == pytest.approx(10.0)
    assert (fix.course_deg, fix.accuracy_m, fix.alt_m, fix.odometer_m) == (270, 5, 12, 12_500)
    assert fix.mode is telemetry.FixMode.THREE_D
    assert report.contact == reports.Contact(
        time=fix.time, online=True, gps=telemetry.GpsState.THREE_D, battery_pct=67, software="OwnTracks"
    )


@pytest.mark.parametrize("unknown", [0, -1, "-1", None, "", "fast", 1e9, True])
def test_what_is_not_known_is_not_told(unknown: object) -> None:
    fix = only_fix(location(vel=unknown, cog=unknown, acc=unknown, alt=unknown))

    assert (fix.speed_mps, fix.course_deg, fix.accuracy_m, fix.alt_m) == (None, None, None, None)
    assert fix.mode is telemetry.FixMode.TWO_D


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lat": None}, "lat is missing"),
        ({"lat": 91}, "lat 91 is not within -90 to 90"),
        ({"lon": "east"}, "lon is not a number"),
        ({"tst": None}, "tst is not a number"),
        ({"tst": 9999}, "tst 1970-01-01T02:46:39"),
        ({"tst": 1e300}, "is not a date"),
    ],
)
def test_a_location_without_a_place_or_time_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(fields.WireError, match=reason.replace("+", r"\+")):
        location(**change)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "_type is missing"),
        (b'{"_type":"nonsense"}', "'nonsense' is not known"),
        (b'{"_type":"encrypted","data":"x"}', "the payload is encrypted"),
        (b'{"_type":"transition","event":"jump","tst":1}', "neither enter nor leave"),
        (b'{"_type":"waypoints","waypoints":{}}', "not an array"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(payload: bytes, reason: str) -> None:
    with pytest.raises(fields.WireError, match=reason):
        owntracks.read(payload, received_at=NOW)


def test_a_last_will_says_that_the_phone_is_gone_since_now() -> None:
    report = read({"_type": "lwt", "tst": 1_700_000_000})

    assert report.contact == reports.Contact(time=NOW, online=False, software="OwnTracks")
    assert report.fixes == ()


def test_numbers_may_be_strings_as_in_a_waypoint_of_the_booklet() -> None:
    report = read(
        {"_type": "waypoint", "desc": "Café", "lat": 48.87069, "lon": 2.34916, "rad": "50", "tst": "1385997757"}
    )

    (claim,) = report.claims
    assert (claim.kind, claim.place, claim.radius_m) == (reports.ClaimKind.WAYPOINT, "Café", 50)
    assert claim.time == dt.datetime.fromtimestamp(1_385_997_757, dt.UTC)


def test_a_good_waypoint_counts_beside_a_bad_one() -> None:
    good = {"_type": "waypoint", "tst": 9999, "lat": 1, "lon": 2, "desc": "home"}

    report = read({"_type": "waypoints", "waypoints": [good, {"_type": "waypoint"}]})

    assert [claim.place for claim in report.claims] == ["home"]
    assert report.bad == ("waypoint 1: lat is missing",)


def shared_payloads() -> list[dict[str, Any]]:
    if not SHARED.exists():
        return []
    return [json.loads(line) for line in SHARED.read_text().splitlines()]


EXPECTED = {
    "location": "fix",
    "transition": "claim",
    "waypoint": "claim",
    "card": "passed over",
    "cmd": "passed over",
    "request": "passed over",
}


@pytest.mark.skipif(not SHARED.exists(), reason="the traces are in ../shared, beside the checkout")
def test_every_recorded_payload_is_read_or_passed_over_for_a_stated_reason() -> None:
    payloads = shared_payloads()
    assert len(payloads) == 25

    for line in payloads:
        record = line["payload"]
        report = read(record)

        found = "fix" if report.fixes else "claim" if report.claims else "passed over" if report.passed_over else ""
        assert (line["source"], found) == (line["source"], EXPECTED[record["_type"]])
        for fix in report.fixes:
            assert fix.position == geo.Position(record["lat"], record["lon"])
            assert fix.time.timestamp() == record["tst"]
            told = record.get("vel", -1)
            assert fix.speed_mps == (pytest.approx(told / 3.6) if told > 0 else None)


@given(
    st.dictionaries(
        st.sampled_from(
            ["_type", "lat", "lon", "tst", "vel", "cog", "acc", "alt", "batt", "event", "desc", "rad", "waypoints"]
        ),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text("0123456789.-+eE ainf\x00é", max_size=30)
        | st.sampled_from([*EXPECTED, "lwt", "waypoints", "enter", "encrypted"])
        | st.lists(st.dictionaries(st.sampled_from(["lat", "lon", "tst", "desc"]), st.integers()), max_size=3),
    )
)
def test_anything_is_read_or_refused_in_words(record: dict[str, Any]) -> None:
    with contextlib.suppress(fields.WireError):
        assert isinstance(read(record), reports.Report)

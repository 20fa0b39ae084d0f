"""OsmAnd's parameters and Traccar Client's JSON body."""

import contextlib
import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import geo, telemetry
from domain.wire import fields
from ingest.senders import osmand, reports, traccar

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DEVICE = "acme/phone-1"


def query(**parameters: object) -> reports.Report:
    parsed = osmand.parse(urlencode(parameters).encode())
    return osmand.read(parsed, device=DEVICE, received_at=NOW)


def body(location: Any) -> reports.Report:
    return traccar.read({"device_id": "x", "location": location}, device=DEVICE, received_at=NOW)


def located(**more: Any) -> dict[str, Any]:
    coords = {"latitude": 60.17, "longitude": 24.94, "accuracy": 4.5, "speed": 7.5, "heading": 90, "altitude": 21}
    return {
        "timestamp": "2026-03-01T11:59:58.500Z",
        "coords": coords,
        "battery": {"level": 0.77, "is_charging": False},
        "odometer": 1200,
        "extras": {},
        **more,
    }


class TestTheOsmAndProtocol:
    def test_speaks_in_knots(self) -> None:
        report = query(
            id="x", lat=60.17, lon=24.94, timestamp=1772366390, speed=10, bearing=12.5, altitude=21, accuracy=4, batt=55
        )

        (fix,) = report.fixes
        assert fix.position == geo.Position(60.17, 24.94)
        assert fix.time == NOW - dt.timedelta(seconds=10)
        assert fix.speed_mps == pytest.approx(5.1444, abs=1e-4)
        assert (fix.course_deg, fix.alt_m, fix.accuracy_m) == (12.5, 21, 4)
        assert report.contact is not None
        assert report.contact.battery_pct == 55

    def test_takes_metres_a_second_by_a_name_of_its_own(self) -> None:
        (fix,) = query(lat=1, lon=2, timestamp=1772366390, speed_mps=10).fixes
        assert fix.speed_mps == 10

    @pytest.mark.parametrize(
        "stamp",
        ["1772366390", "1772366390000", "2026-03-01T11:59:50Z", "2026-03-01 11:59:50", "2026-03-01T12:59:50+01:00"],
    )
    def test_tells_the_time_in_many_ways(self, stamp: str) -> None:
        (fix,) = query(lat=1, lon=2, timestamp=stamp).fixes
        assert fix.time == NOW - dt.timedelta(seconds=10)

    def test_a_position_without_a_time_is_of_now(self) -> None:
        (fix,) = query(lat=1, lon=2).fixes
        assert fix.time == NOW

    def test_takes_both_coordinates_as_one_word(self) -> None:
        (fix,) = query(location="60.17,24.94").fixes
        assert fix.position == geo.Position(60.17, 24.94)

    @pytest.mark.parametrize("given", [{}, {"lat": 1, "lon": 2, "valid": "false"}, {"lat": "", "lon": ""}])
    def test_what_has_no_position_is_a_sign_of_life(self, given: dict[str, object]) -> None:
        report = query(batt=40, **given)

        assert report.fixes == ()
        assert report.contact == reports.Contact(time=NOW, online=True, battery_pct=40, software="OsmAnd protocol")

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({"lat": 1}, "lon is missing"),
            ({"lat": "north", "lon": 2}, "lat is not a number"),
            ({"lat": 1, "lon": 200}, "lon 200 is not within"),
            ({"lat": 1, "lon": 2, "timestamp": "yesterday"}, "neither a count nor"),
            ({"lat": 1, "lon": 2, "timestamp": "1e400"}, "neither a count nor"),
            ({"lat": 1, "lon": 2, "timestamp": "5"}, "not a date of GPS"),
        ],
    )
    def test_refuses_in_words(self, given: dict[str, object], reason: str) -> None:
        with pytest.raises(fields.WireError, match=reason):
            query(**given)

    def test_an_sos_is_a_press_that_counts_once_however_often_it_comes(self) -> None:
        first, again = (query(lat=1, lon=2, timestamp=1772366390, alarm="sos", batt=9) for _ in range(2))

        (press,) = first.presses
        assert press == again.presses[0]
        assert (press.kind, press.fob, press.clock) == (telemetry.PressKind.PRESS, "phone-1", telemetry.Clock.NTP)
        assert press.fix == first.fixes[0]
        assert press.battery_pct == 9

    @pytest.mark.parametrize("given", [{}, {"lat": "north", "lon": 2}, {"lat": 1, "lon": 2, "timestamp": "yesterday"}])
    def test_an_sos_counts_whatever_is_wrong_with_its_position(self, given: dict[str, object]) -> None:
        report = query(alarm="SOS", **given)

        (press,) = report.presses
        assert press.fix is None
        assert press.time == NOW
        assert press.clock is telemetry.Clock.UNSET

    @pytest.mark.parametrize("raw", [b"alarm=sos&notes=caf\xe9", b"alarm=sos&notes=caf%E9"])
    def test_an_sos_counts_beside_text_that_is_no_utf_8(self, raw: bytes) -> None:
        (press,) = osmand.read(osmand.parse(raw), device=DEVICE, received_at=NOW).presses
        assert press.kind is telemetry.PressKind.PRESS

    def test_other_alarms_are_no_call_for_help(self) -> None:
        assert query(lat=1, lon=2, alarm="lowBattery").presses == ()

    def test_the_token_is_not_kept(self) -> None:
        parameters = osmand.parse(b"id=secret&lat=1&deviceid=secret&token=secret")
        assert osmand.token_of(parameters) == "secret"
        assert osmand.without_token(parameters) == {"lat": "1"}

    @given(st.binary(max_size=200))
    def test_reads_or_refuses_any_bytes(self, raw: bytes) -> None:
        with contextlib.suppress(fields.WireError):
            assert isinstance(osmand.read(osmand.parse(raw), device=DEVICE, received_at=NOW), reports.Report)


class TestTheBodyOfTraccarClient:
    def test_becomes_a_fix(self) -> None:
        report = body(located())

        (fix,) = report.fixes
        assert fix.time == NOW - dt.timedelta(seconds=1.5)
        assert (fix.speed_mps, fix.course_deg, fix.accuracy_m, fix.alt_m) == (7.5, 90, 4.5, 21)
        assert report.contact is not None
        assert report.contact.battery_pct == 77

    def test_minus_one_is_not_known(self) -> None:
        coords = {"latitude": 1, "longitude": 2, "accuracy": -1, "speed": -1, "heading": -1, "altitude": None}

        (fix,) = body(located(coords=coords, battery={"level": -1})).fixes

        assert (fix.speed_mps, fix.course_deg, fix.accuracy_m, fix.alt_m) == (None, None, None, None)

    def test_a_batch_keeps_its_good_locations(self) -> None:
        later = located(timestamp="2026-03-01T11:59:59Z")

        report = body([located(), {"timestamp": "now"}, later, {"timestamp": "now", "coords": {}}])

        assert len(report.fixes) == 2
        assert report.bad == ("location 3: timestamp is not an ISO 8601 time: 'now'",)

    def test_a_batch_of_nothing_good_is_refused(self) -> None:
        with pytest.raises(fields.WireError, match="location 0: location is not an object; location 1: coords is not"):
            body([5, {"coords": 5}])

    @pytest.mark.parametrize("location", [[], [located()] * (traccar.MOST_LOCATIONS + 1)])
    def test_a_batch_has_bounds(self, location: Any) -> None:
        with pytest.raises(fields.WireError, match="are allowed"):
            body(location)

    @pytest.mark.parametrize("alarm", [{"extras": {"alarm": "sos"}}, {"alarm": "sos"}])
    def test_an_sos_is_a_press(self, alarm: dict[str, Any]) -> None:
        report = body([located(), located(**alarm)])

        (press,) = report.presses
        assert press.time == NOW - dt.timedelta(seconds=1.5)
        assert len(report.fixes) == 2

    def test_an_sos_with_an_unreadable_position_is_a_press_with_a_remark(self) -> None:
        (press,) = body(located(coords={"latitude": "?"}, extras={"alarm": "sos"})).presses

        assert press.fix is None
        assert press.remarks == ("latitude is not a number",)

    def test_the_token_is_not_kept(self) -> None:
        kept = {"device_id": "secret", "location": {"_": "&id=secret&", "timestamp": "x"}, "more": 1}
        assert "secret" not in json.dumps(traccar.without_token(kept))
        batch = {"device_id": "secret", "location": [{"_": "&id=secret&"}, 5]}
        assert traccar.without_token(batch) == {"location": [{}, 5]}
        assert traccar.token_of(kept) == "secret"

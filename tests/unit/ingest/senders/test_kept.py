import datetime as dt
import json

import pytest

from ingest.senders import kept

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LOCATION = json.dumps({"_type": "location", "lat": 60, "lon": 24, "tst": 1_772_366_400}).encode()
OF_TRACCAR = json.dumps(
    {"location": {"timestamp": "2026-03-01T12:00:00Z", "coords": {"latitude": 60, "longitude": 24}}}
).encode()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("owntracks/acme/phone-1", LOCATION),
        ("owntracks/acme/phone-1/pixel/event", LOCATION),
        ("http/owntracks/acme/phone-1", LOCATION),
        ("http/osmand/acme/phone-1", b"lat=60&lon=24&timestamp=1772366400"),
        ("http/traccar/acme/phone-1", OF_TRACCAR),
    ],
)
def test_a_reject_is_read_as_it_was(topic: str, payload: bytes) -> None:
    delivery = kept.delivery(topic, payload, NOW)

    assert delivery is not None
    assert delivery.sender == ("acme", "phone-1")
    assert delivery.report is not None
    [fix] = delivery.report.fixes
    assert (fix.position.lat, fix.time) == (60, NOW)


def test_a_reject_that_cannot_be_read_is_refused_again() -> None:
    delivery = kept.delivery("http/traccar/acme/phone-1", b"[]", NOW)

    assert delivery is not None
    assert delivery.report is None
    assert delivery.refusal == "body is not an object"


@pytest.mark.parametrize(
    "topic", ["driveops/v1/acme/van-1/panic", "http/osmand/acme", "http/osmand/a$/b", "owntracks", ""]
)
def test_what_is_no_phones_is_left_to_others(topic: str) -> None:
    assert kept.delivery(topic, b"", NOW) is None

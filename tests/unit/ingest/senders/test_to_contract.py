"""Whatever phones say: what is read of it follows the contract of the fixes lane, so that the pipeline takes all of it."""

import contextlib
import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from domain.wire import fields, fixes, panic
from ingest import fix_decoder, iso_times
from ingest.senders import osmand, owntracks, reports, traccar

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ODD = st.floats() | st.integers() | st.none() | st.booleans() | st.text("0123456789.-+eE ainf\x00é", max_size=12)
USUAL = st.floats(-1_000, 1_000)
VALUE = USUAL | ODD | USUAL.map(str)
PLACE = st.floats(-90, 90)
STAMP = st.integers(10**9, 2**33)
ODD_STAMP = STAMP | st.integers(0, 2**34) | st.floats(0, 1e14) | ODD


def record_of(
    good: dict[str, st.SearchStrategy[Any]] | None = None, **others: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Records that have what they must, and records that may have anything in its place."""
    odd = {name: strategy | ODD for name, strategy in (good or {}).items()}
    return st.fixed_dictionaries(good or {}, optional=others) | st.fixed_dictionaries({}, optional=odd | others)


OWNTRACKS = record_of(
    {"lat": PLACE, "lon": PLACE, "tst": STAMP}, vel=VALUE, cog=VALUE, acc=VALUE, alt=VALUE, batt=VALUE, odometer=VALUE
)
QUERY = record_of(
    {"lat": PLACE, "lon": PLACE, "timestamp": STAMP | ODD_STAMP | st.datetimes().map(str)},
    speed=VALUE,
    bearing=VALUE,
    altitude=VALUE,
    accuracy=VALUE,
    hdop=VALUE,
    sat=VALUE,
    batt=VALUE,
    odometer=VALUE,
    alarm=st.sampled_from(["sos", "fallDown", "lowBattery"]) | ODD,
)
COORDS = record_of({"latitude": PLACE, "longitude": PLACE}, accuracy=VALUE, speed=VALUE, heading=VALUE, altitude=VALUE)
LOCATION = record_of(
    {"timestamp": st.datetimes().map(lambda time: f"{time.isoformat()}Z"), "coords": COORDS},
    battery=record_of(level=VALUE) | ODD,
    extras=record_of(alarm=st.just("sos") | ODD) | ODD,
)


def follows_the_contract(report: reports.Report) -> None:
    if report.fixes:
        payload = fixes.encode(fixes.Numbered(seq=iso_times.unix_us(fix.time), fix=fix) for fix in report.fixes)
        decoded = fix_decoder.decode([payload])
        assert decoded.bad == []
        assert decoded.rows["seq"].tolist() == [iso_times.unix_us(fix.time) for fix in report.fixes]
    for press in report.presses:
        again = panic.decode(panic.encode(press), origin="t", received_at=NOW)
        assert (again.id, again.kind, again.fob, again.remarks) == (press.id, press.kind, press.fob, ())


@given(OWNTRACKS)
def test_of_owntracks(record: dict[str, Any]) -> None:
    payload = json.dumps({"_type": "location", **record}).encode()
    with contextlib.suppress(fields.WireError):
        follows_the_contract(owntracks.read(payload, received_at=NOW))


@given(QUERY)
def test_of_the_osmand_protocol(parameters: dict[str, Any]) -> None:
    query = urlencode(parameters, errors="replace").encode()
    with contextlib.suppress(fields.WireError):
        follows_the_contract(osmand.read(osmand.parse(query), device="acme/phone-1", received_at=NOW))


@given(st.lists(LOCATION, max_size=4) | LOCATION)
def test_of_traccar_client(location: Any) -> None:
    with contextlib.suppress(fields.WireError):
        follows_the_contract(traccar.read({"location": location}, device="acme/phone-1", received_at=NOW))

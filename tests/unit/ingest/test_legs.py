import datetime as dt
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import fix_rows
from domain import activity, geo, telemetry
from ingest import iso_times, legs

START = dt.datetime(2026, 3, 1, 10, 58, tzinfo=dt.UTC)


@st.composite
def drives(draw: st.DrawFn) -> list[list[telemetry.Fix]]:
    """Fixes of a few devices, each in order."""
    devices = []
    for _ in range(draw(st.integers(1, 3))):
        time, fixes = START, []
        lat, lon = draw(st.floats(-80, 80)), draw(st.floats(-180, 180))
        for _ in range(draw(st.integers(1, 8))):
            time += dt.timedelta(milliseconds=draw(st.integers(1, 400_000)))
            lat = max(-80.0, min(80.0, lat + draw(st.floats(-0.01, 0.01))))
            lon = (lon + draw(st.floats(-0.01, 0.01)) + 540) % 360 - 180
            speed = draw(st.one_of(st.none(), st.floats(0, 60, width=32)))
            fixes.append(telemetry.Fix(time=time, position=geo.Position(lat, lon), speed_mps=speed))
        devices.append(fixes)
    return devices


def rows_of(devices: Sequence[Sequence[telemetry.Fix]]) -> fix_rows.FixRows:
    rows = fix_rows.empty(sum(map(len, devices)))
    flat = [(device, fix) for device, fixes in enumerate(devices) for fix in fixes]
    for row, (device, fix) in zip(rows, flat, strict=True):
        row["device_id"], row["time_us"] = device, iso_times.unix_us(fix.time)
        row["lat"], row["lon"] = fix.position.lat, fix.position.lon
        row["speed_mps"] = np.nan if fix.speed_mps is None else fix.speed_mps
    return rows


def measured(rows: fix_rows.FixRows) -> fix_rows.FixRows:
    starts = fix_rows.run_starts(rows["device_id"])
    legs.measure(rows, starts, np.zeros(len(starts), legs.BEFORE_DTYPE))
    return rows


@given(drives())
def test_legs_are_what_the_domain_says(devices: list[list[telemetry.Fix]]) -> None:
    rows = measured(rows_of(devices))

    expected = [
        activity.leg(before, fix) for fixes in devices for before, fix in zip([None, *fixes[:-1]], fixes, strict=True)
    ]
    for row, leg in zip(rows, expected, strict=True):
        assert row["distance_mm"] == pytest.approx(leg.distance_m * 1000, abs=1.0)
        assert bool(row["moving"]) == leg.moving
        assert row["moving_ms"] == pytest.approx(leg.moving_s * 1000, abs=0.51)
        assert row["idle_ms"] == pytest.approx(leg.idle_s * 1000, abs=0.51)


@given(drives(), st.data())
def test_a_drive_measured_in_parts_has_the_same_legs(devices: list[list[telemetry.Fix]], data: st.DataObject) -> None:
    whole = measured(rows_of(devices[:1]))
    cut = data.draw(st.integers(1, len(whole)))
    first, second = measured(rows_of([devices[0][:cut]])), rows_of([devices[0][cut:]])

    before = np.zeros(1 if len(second) else 0, legs.BEFORE_DTYPE)
    for name in ("time_us", "lat", "lon"):
        before[name] = first[name][-1]
    before["known"] = True
    legs.measure(second, fix_rows.run_starts(second["device_id"]), before)

    assert np.concatenate([first, second]).tobytes() == whole.tobytes()


@given(drives())
def test_the_hours_are_the_sums_of_their_legs(devices: list[list[telemetry.Fix]]) -> None:
    rows = measured(rows_of(devices))

    hours = legs.by_hour(rows)

    assert int(hours["fixes"].sum()) == len(rows)
    for hour in hours:
        hour_of_row = np.array(
            [iso_times.unix_us(activity.hour_of(iso_times.datetime_of(t))) for t in rows["time_us"].tolist()]
        )
        own = rows[(rows["device_id"] == hour["device_id"]) & (hour_of_row == hour["hour_us"])]
        assert hour["fixes"] == len(own)
        for name in ("distance_mm", "moving_ms", "idle_ms"):
            assert hour[name] == own[name].sum()
        told = own["speed_mps"][~np.isnan(own["speed_mps"])]
        assert hour["max_speed_mps"] == told.max() if len(told) else np.isnan(hour["max_speed_mps"])


def test_no_rows_have_no_hours() -> None:
    assert len(legs.by_hour(measured(fix_rows.empty(0)))) == 0

import datetime as dt
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain import geo, live_frame
from ingest import batch_store, iso_times, live_feed

TICK = dt.datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=dt.UTC)
TICK_MS = iso_times.unix_us(TICK) // 1000


@st.composite
def units(draw: st.DrawFn) -> live_frame.Unit:
    optional = st.one_of(st.none(), st.integers(0, 3_600_000).map(lambda n: float(np.float32(n / 64))))
    return live_frame.Unit(
        device_id=draw(st.integers(1, 2**31 - 1)),
        position=geo.Position(draw(st.floats(-90, 90)), draw(st.floats(-180, 180))),
        time=TICK - dt.timedelta(milliseconds=draw(st.integers(-(10**10), 10**12))),
        speed_mps=draw(optional),
        course_deg=draw(optional),
        moving=draw(st.booleans()),
        three_d=draw(st.booleans()),
    )


def rows_of(drawn: list[live_frame.Unit], tenant: int = 0) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    rows = np.zeros(len(drawn), batch_store.LIVE_DTYPE)
    for row, unit in zip(rows, drawn, strict=True):
        row["tenant"], row["device_id"], row["time_us"] = tenant, unit.device_id, iso_times.unix_us(unit.time)
        row["lat"], row["lon"] = unit.position.lat, unit.position.lon
        row["speed_mps"] = math.nan if unit.speed_mps is None else unit.speed_mps
        row["course_deg"] = math.nan if unit.course_deg is None else unit.course_deg
        row["moving"], row["fix_mode"] = unit.moving, 3 if unit.three_d else 2
    return rows


@given(st.lists(units(), max_size=20))
def test_a_frame_is_byte_for_byte_the_domains(drawn: list[live_frame.Unit]) -> None:
    assert live_feed.encode(TICK_MS, rows_of(drawn)) == live_frame.encode(TICK, drawn)


def unit(device_id: int, second: int) -> live_frame.Unit:
    return live_frame.Unit(
        device_id=device_id,
        position=geo.Position(60.0, 24.0 + second / 1000),
        time=TICK + dt.timedelta(seconds=second),
        speed_mps=None,
        course_deg=None,
        moving=True,
        three_d=True,
    )


def test_a_unit_stands_once_in_a_frame_with_its_newest() -> None:
    feed = live_feed.LiveFeed()
    feed.add(rows_of([unit(1, 0), unit(2, 0)]))
    feed.add(rows_of([unit(1, 5)]))

    frames = list(feed.frames(TICK_MS))

    assert len(frames) == 1
    _, told = live_frame.decode(frames[0][1])
    assert [(u.device_id, u.time) for u in told] == [(1, TICK + dt.timedelta(seconds=5)), (2, TICK)]


def test_each_tenant_has_a_frame_of_its_own() -> None:
    feed = live_feed.LiveFeed()
    feed.add(rows_of([unit(1, 0)], tenant=3))
    feed.add(rows_of([unit(2, 0)], tenant=1))

    frames = {tenant: [u.device_id for u in live_frame.decode(frame)[1]] for tenant, frame in feed.frames(TICK_MS)}

    assert frames == {1: [2], 3: [1]}


def test_a_tick_without_a_change_has_no_frame() -> None:
    feed = live_feed.LiveFeed()
    feed.add(rows_of([unit(1, 0)]))
    list(feed.frames(TICK_MS))

    assert list(feed.frames(TICK_MS + 1000)) == []

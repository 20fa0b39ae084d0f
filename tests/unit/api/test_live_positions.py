import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import live_positions, view, view_frame
from domain import geo, live_frame
from tests.unit.api import frame_reader

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
NOW_MS = round(NOW.timestamp() * 1000)
BOX = view_frame.Box(west=24.0, south=60.0, east=26.0, north=61.0)
MOVING_TRACKER = view_frame.Status.MOVING | 1 << view_frame.KIND_SHIFT


def known(device_id: int, lat: float | None = 60.5, lon: float | None = 25.0, age_s: float = 1) -> live_positions.Known:
    time_ms = None if lat is None else NOW_MS - round(age_s * 1000)
    return live_positions.Known(device_id, "tracker", lat, lon, time_ms, 90.0, moving=True)


def delta(*places: tuple[int, float, float], age_s: float = 0) -> bytes:
    units = [
        live_frame.Unit(
            device_id=device_id,
            position=geo.Position(lat, lon),
            time=NOW - dt.timedelta(seconds=age_s),
            speed_mps=5.0,
            course_deg=180.0,
            moving=True,
            three_d=True,
        )
        for device_id, lat, lon in places
    ]
    return live_frame.encode(NOW, units)


def loaded(*units: live_positions.Known) -> live_positions.LivePositions:
    made = live_positions.LivePositions()
    made.load(units)
    made.refresh(NOW_MS)
    return made


def read(frame: bytes | None) -> frame_reader.Frame:
    assert frame is not None
    return frame_reader.read(frame)


def test_a_view_gets_all_of_it_first_and_then_what_changed() -> None:
    positions, looking = loaded(known(1), known(2), known(3, None, None)), view.View(BOX, 14)

    assert read(looking.frame(positions, NOW_MS)).ids == [1, 2]
    assert looking.frame(positions, NOW_MS) is None
    positions.apply(delta((2, 60.6, 25.1)))
    changed = read(looking.frame(positions, NOW_MS))

    assert (changed.kind, changed.ids, changed.removed) == (view_frame.Kind.DELTA, [2], [])
    assert changed.columns["status"].tolist() == [MOVING_TRACKER]


def test_what_changed_over_skipped_ticks_comes_once_as_it_is_now() -> None:
    positions, looking = loaded(known(1), known(2)), view.View(BOX, 14)
    looking.frame(positions, NOW_MS)

    positions.apply(delta((1, 60.51, 25.0), age_s=0.5))
    positions.apply(delta((2, 60.52, 25.0), age_s=0.4))
    positions.apply(delta((1, 60.53, 25.0)))
    frame = read(looking.frame(positions, NOW_MS))

    assert frame.ids == [1, 2]
    assert frame.lat == pytest.approx([60.53, 60.52], abs=1e-4)


def test_an_older_fix_never_replaces_a_newer_one() -> None:  # R56
    positions = loaded(known(1, age_s=5))
    positions.apply(delta((1, 60.6, 25.5), age_s=2))
    positions.apply(delta((1, 60.1, 24.1), age_s=3))
    positions.load([known(1, age_s=5)])

    assert positions.place_of(1) == live_positions.Place(lat=60.6, lon=25.5, time_ms=NOW_MS - 2000)


def test_a_snapshot_that_changes_nothing_sends_nothing() -> None:
    positions, looking = loaded(known(1)), view.View(BOX, 14)
    looking.frame(positions, NOW_MS)

    positions.load([known(1)])
    positions.refresh(NOW_MS)

    assert looking.frame(positions, NOW_MS) is None


def test_a_unit_that_leaves_the_view_or_the_fleet_is_removed() -> None:
    positions, looking = loaded(known(1), known(2), known(3)), view.View(BOX, 14)
    looking.frame(positions, NOW_MS)

    positions.apply(delta((1, 48.0, 2.0)))
    positions.load([known(1, age_s=9), known(2)])

    assert read(looking.frame(positions, NOW_MS)).removed == [1, 3]


def test_a_unit_becomes_stale_by_time_alone_and_is_marked_by_alerts() -> None:
    positions, looking = loaded(known(1), known(2)), view.View(BOX, 14)
    looking.frame(positions, NOW_MS)

    positions.mark_alerts(opened={1}, acknowledged={2})
    positions.refresh(NOW_MS + 61_000)

    assert read(looking.frame(positions, NOW_MS + 61_000)).columns["status"].tolist() == [
        MOVING_TRACKER | view_frame.Status.STALE | view_frame.Status.OPEN_ALERT,
        MOVING_TRACKER | view_frame.Status.STALE | view_frame.Status.ACKNOWLEDGED_ALERT,
    ]


def test_a_unit_that_no_snapshot_had_is_shown_and_asks_for_one() -> None:
    positions = loaded(known(5))

    positions.apply(delta((2, 60.5, 25.0), (9, 60.5, 25.0)))

    assert positions.has_strangers
    assert read(view.View(BOX, 14).frame(positions, NOW_MS)).ids == [2, 5, 9]
    positions.load([known(2), known(5), known(9)])
    assert not positions.has_strangers


def test_a_unit_that_came_while_the_snapshot_was_read_stays_until_the_next() -> None:
    positions = loaded(known(5))
    positions.apply(delta((1, 60.5, 25.0)))
    begun = positions.version
    positions.apply(delta((1, 60.6, 25.0), (9, 60.5, 25.0)))

    positions.load([known(5)], begun=begun)

    assert read(view.View(BOX, 14).frame(positions, NOW_MS)).ids == [5, 9]
    assert positions.has_strangers
    positions.load([known(5)], begun=positions.version)
    assert read(view.View(BOX, 14).frame(positions, NOW_MS)).ids == [5]
    assert not positions.has_strangers


def test_many_units_far_away_come_as_clusters_that_count_each_once() -> None:
    many = [known(number, 60.1 + number / 1000, 24.1 + number / 1000) for number in range(1, 601)]
    positions, looking = loaded(*many), view.View(BOX, 8)
    positions.mark_alerts(opened={7}, acknowledged=set())
    positions.refresh(NOW_MS)

    frame = read(looking.frame(positions, NOW_MS))

    assert frame.kind is view_frame.Kind.CLUSTERS
    assert (frame.columns["units"].sum(), frame.columns["moving"].sum(), frame.columns["alerts"].sum()) == (600, 600, 1)
    assert 1 < len(frame.columns["units"]) < 60
    positions.apply(delta((1, 60.2, 24.2)))
    assert read(looking.frame(positions, NOW_MS)).columns["units"].sum() == 600


def test_few_units_are_never_clustered() -> None:
    assert read(view.View(BOX, 3).frame(loaded(known(1)), NOW_MS)).kind is view_frame.Kind.SNAPSHOT


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-90, 90), st.floats(-180, 180)), max_size=20))
def test_a_frame_is_read_as_the_domain_reads_it(places: list[tuple[int, float, float]]) -> None:
    frame = delta(*places, age_s=3)

    tick_ms, rows = live_positions.read_frame(frame)

    _, units = live_frame.decode(frame)
    assert tick_ms == NOW_MS
    assert rows["ids"].tolist() == [unit.device_id for unit in units]
    assert np.allclose(rows["lat"] / live_frame.DEGREE_SCALE, [unit.position.lat for unit in units])
    assert np.allclose(rows["lon"] / live_frame.DEGREE_SCALE, [unit.position.lon for unit in units])


@pytest.mark.parametrize("damage", [b"", b"XX" + delta()[2:], delta() + b"1", delta((1, 2.0, 3.0))[:-1]])
def test_bytes_that_are_no_frame_are_refused(damage: bytes) -> None:
    with pytest.raises(live_frame.FrameError):
        live_positions.LivePositions().apply(damage)

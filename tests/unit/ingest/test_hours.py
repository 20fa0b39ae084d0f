import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from db import fix_rows
from ingest import hours

START_US = 1_772_362_680_000_000  # 2026-03-01T10:58:00Z


@st.composite
def legs(draw: st.DrawFn) -> fix_rows.FixRows:
    """Rows of a few devices, each in order, with their legs."""
    counts = draw(st.lists(st.integers(1, 8), min_size=1, max_size=3))
    rows = fix_rows.empty(sum(counts))
    rows["device_id"] = np.repeat(np.arange(len(counts)), counts)
    for row in rows:
        row["distance_mm"] = draw(st.integers(0, 10**7))
        row["moving_ms"], row["idle_ms"] = draw(st.sampled_from([(0, 0), (1500, 0), (0, 300_000)]))
        row["speed_mps"] = draw(st.sampled_from([np.nan, 0.0, 13.5]))
    steps = np.array([draw(st.integers(1, 4_000)) for _ in rows], np.int64) * 1_000_000
    starts = fix_rows.run_starts(rows["device_id"])
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        rows["time_us"][start:end] = START_US + np.cumsum(steps[start:end])
    return rows


@given(legs())
def test_the_hours_are_the_sums_of_their_legs(rows: fix_rows.FixRows) -> None:
    found = hours.by_hour(rows)

    assert int(found["fixes"].sum()) == len(rows)
    for hour in found:
        in_hour = (rows["time_us"] >= hour["hour_us"]) & (rows["time_us"] < hour["hour_us"] + fix_rows.HOUR_US)
        own = rows[(rows["device_id"] == hour["device_id"]) & in_hour]
        assert hour["fixes"] == len(own)
        for name in ("distance_mm", "moving_ms", "idle_ms"):
            assert hour[name] == own[name].sum()
        told = own["speed_mps"][~np.isnan(own["speed_mps"])]
        assert hour["max_speed_mps"] == told.max() if len(told) else np.isnan(hour["max_speed_mps"])


@given(legs(), st.data())
def test_hours_of_parts_add_up_to_those_of_the_whole(rows: fix_rows.FixRows, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows)))

    merged = hours.merged([hours.by_hour(rows[:cut]), hours.by_hour(rows[cut:])])

    assert merged.tobytes() == hours.by_hour(rows).tobytes()


def test_no_rows_have_no_hours() -> None:
    assert len(hours.by_hour(fix_rows.empty(0))) == 0
    assert len(hours.merged([])) == 0

"""The order within a batch: whole columns come to what the plain rules come to."""

import datetime as dt
import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from db import fix_rows
from domain import fix_quality, geo, telemetry
from ingest import fix_decoder, ordering, registry

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
START_US = int(START.timestamp()) * 1_000_000
OPTIONAL = ("alt_m", "speed_mps", "course_deg", "hdop", "accuracy_m", "odometer_m")

few = st.sampled_from([0.0, 0.5])
contents = st.fixed_dictionaries(
    {
        "slot": st.integers(0, 2),
        "second": st.integers(0, 2),
        "seq": st.integers(1, 2),
        "fix_mode": st.sampled_from([2, 3]),
        "lat": few,
        "lon": few,
        "satellites": st.sampled_from([None, 0, 5]),
        **{name: st.none() | few for name in OPTIONAL},
    }
)


def rows_of(items: list[dict[str, Any]]) -> fix_rows.FixRows:
    rows = fix_rows.empty(len(items), fix_decoder.ROW_FIELDS)
    for row, item in zip(rows, items, strict=True):
        row["time_us"] = START_US + item["second"] * 1_000_000
        for name, value in item.items():
            if name != "second" and value is not None:
                row[name] = value
    return rows


def rank(item: dict[str, Any]) -> tuple[float, ...]:
    fix = telemetry.Fix(
        time=START,
        position=geo.Position(item["lat"], item["lon"]),
        mode=telemetry.FixMode(item["fix_mode"]),
        satellites=item["satellites"],
        **{name: item[name] for name in OPTIONAL},
    )
    return telemetry.quality_rank(fix, item["seq"])


@given(st.lists(contents, min_size=1, max_size=12))
def test_of_several_contents_the_best_stays(items: list[dict[str, Any]]) -> None:
    def key(item: dict[str, Any]) -> tuple[int, int]:
        return item["slot"], item["second"]

    best = [max(group, key=rank) for _, group in itertools.groupby(sorted(items, key=key), key)]

    assert ordering.sort(rows_of(items)).tobytes() == rows_of(best).tobytes()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), min_size=1, max_size=20))
def test_out_of_order_is_what_comes_after_a_newer_one(sent: list[tuple[int, int, bool]]) -> None:
    slots = np.zeros(4, registry.SLOT_DTYPE)
    slots["newest_us"] = [registry.NEVER_US, START_US, START_US + 3_000_000, registry.NEVER_US]
    rows = rows_of([{"slot": slot, "second": second} for slot, second, _ in sent])
    rows["quality"] = [int(fix_quality.FixFlag.FUTURE) if outside else 0 for _, _, outside in sent]
    newest = slots["newest_us"].tolist()
    expected = []
    for slot, second, outside in sent:
        time_us = START_US + second * 1_000_000
        expected.append(not outside and time_us < newest[slot])
        if not outside:
            newest[slot] = max(newest[slot], time_us)

    assert ordering.disordered(rows, slots).tolist() == expected

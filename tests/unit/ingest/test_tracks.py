"""Whole columns come to what the plain fold of the domain comes to, to the last bit, in whatever batches."""

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db import fix_rows
from domain import fix_quality, geo, telemetry, track
from ingest import iso_times, limits, track_columns, tracks

START_US = 1_772_362_500_000_000  # 2026-03-01T10:55:00Z
KINDS = [fix_quality.Thresholds(), fix_quality.DEFAULTS["phone"], fix_quality.Thresholds(park_after_s=20.0)]
NEVER = -(2**62)


@st.composite
def stretches(draw: st.DrawFn) -> list[dict[str, float | None]]:
    """Fixes of one device: drives, stands, walks, jumps, with and without speeds and odometers."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    made: list[dict[str, float | None]] = []
    second, lat, lon, odometer = draw(st.sampled_from([0.0, 250.0, 3000.0])), 60.0, 24.0, 1000.0
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["drive", "stand", "walk", "jump", "silence"]))
        tells_speed, tells_odometer = draw(st.booleans()), draw(st.integers(0, 3)) == 0
        noise_deg = draw(st.sampled_from([0.0, 0.00004, 0.0002]))
        speed = {"drive": 14.0, "stand": 0.0, "walk": 1.0, "jump": 5.0, "silence": 0.0}[kind]
        step_s = draw(st.sampled_from([0.1, 1.0, 10.0, 61.0])) if kind != "silence" else 400.0
        accuracy = draw(st.sampled_from([None, 4.0, 25.0]))
        for _ in range(draw(st.integers(1, {"jump": 4, "silence": 1}.get(kind, 90)))):
            second += step_s
            lat += speed * step_s / 111_000
            odometer += speed * step_s
            leap = 1.0 if kind == "jump" else 0.0
            made.append(
                {
                    "time_us": START_US + round(second * 1e6),
                    "lat": lat + leap + chance.gauss(0, noise_deg),
                    "lon": lon + chance.gauss(0, noise_deg),
                    "speed_mps": abs(chance.gauss(speed, 0.4)) if tells_speed else None,
                    "odometer_m": odometer if tells_odometer else None,
                    "hdop": accuracy / 5 if accuracy else None,
                    "accuracy_m": draw(st.sampled_from([accuracy, None])),
                }
            )
    return made


def rows_of(devices: Sequence[Sequence[dict[str, float | None]]]) -> fix_rows.FixRows:
    rows = fix_rows.empty(sum(map(len, devices)))
    flat = [(device, item) for device, items in enumerate(devices) for item in items]
    for row, (device, item) in zip(rows, flat, strict=True):
        row["device_id"] = device
        for name, value in item.items():
            if value is not None:
                row[name] = value
    return rows


def told(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def point_of(row: np.void) -> track.Point:
    fix = telemetry.Fix(
        time=iso_times.datetime_of(int(row["time_us"])),
        position=geo.Position(0, 0),
        hdop=told(row["hdop"]),
        accuracy_m=told(row["accuracy_m"]),
    )
    return track.Point(
        time_us=int(row["time_us"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        speed_mps=told(row["speed_mps"]),
        accuracy_m=telemetry.accuracy_m(fix),
        odometer_m=told(row["odometer_m"]),
    )


def expected(
    rows: fix_rows.FixRows, devices: int
) -> tuple[list[tuple[Any, ...]], list[track.State], list[tuple[Any, ...]]]:
    """What the plain fold makes of them: rows, states at the end, states before each hour."""
    states, seen = [track.START] * devices, [NEVER] * devices
    made: list[tuple[Any, ...]] = []
    checkpoints: list[tuple[Any, ...]] = []
    for row in rows:
        device, point = int(row["device_id"]), point_of(row)
        if point.time_us // fix_rows.HOUR_US != seen[device] // fix_rows.HOUR_US:
            checkpoints.append((device, point.time_us, states[device]))
        seen[device] = point.time_us
        states[device], verdict = track.step(states[device], point, KINDS[device % 3], track_columns.distance_m)
        ms = round(verdict.counted_us / 1e3)
        made.append(
            (
                *(int(verdict.flags), round(verdict.way_m * 1e3), verdict.moving),
                *(ms if verdict.moving else 0, 0 if verdict.moving else ms, verdict.lat, verdict.lon),
            )
        )
    return made, states, checkpoints


class Carried:
    """What a process keeps of devices from batch to batch."""

    def __init__(self, count: int) -> None:
        self.columns = np.zeros(count, track_columns.TRACK_DTYPE)
        self.states: dict[int, track.State] = {}
        self.seen_us = np.full(count, NEVER)
        self.checkpoints: list[tuple[Any, ...]] = []
        self.kept = [
            track.START
        ] * count  #: as a table would keep them: written only where they are told to have changed
        self.rows: list[fix_rows.FixRows] = []

    def take(self, rows: fix_rows.FixRows) -> None:
        starts = fix_rows.run_starts(rows["device_id"])
        devices = rows["device_id"][starts]
        thresholds = [KINDS[device % 3] for device in devices]
        found = tracks.fold(
            rows,
            starts,
            before=self.columns[devices],
            states={index: self.states[d] for index, d in enumerate(devices.tolist()) if d in self.states},
            seen_us=self.seen_us[devices],
            limits=limits.columns(thresholds),
            thresholds=thresholds,
        )
        self.columns[devices] = found.after
        self.seen_us[devices] = rows["time_us"][np.append(starts[1:], len(rows)) - 1]
        for index, device in enumerate(devices.tolist()):
            self.states.pop(device, None)
            if index in found.states:
                self.states[device] = found.states[index]
            if index in found.changed:
                self.kept[device] = bare(found.states.get(index, track.START))
        for item in found.checkpoints:
            row = rows[item.row]
            self.checkpoints.append((int(row["device_id"]), int(row["time_us"]), item.state))
        self.rows.append(rows)

    def state(self, device: int) -> track.State:
        return track_columns.whole_state(self.columns[device], self.states.get(device))


def bare(state: track.State) -> track.State:
    return dataclasses.replace(state, last=None, moving=False)


@settings(max_examples=150, deadline=None)
@given(st.lists(stretches(), min_size=1, max_size=3), st.lists(st.floats(0, 1), max_size=6))
@example([[{"time_us": START_US, "lat": 60.0, "lon": 24.0, "speed_mps": 9.0}]], [])
def test_columns_come_to_what_the_plain_fold_comes_to(
    devices: list[list[dict[str, float | None]]], cuts: list[float]
) -> None:
    rows = rows_of(devices)
    made, states, checkpoints = expected(rows, len(devices))
    carried = Carried(len(devices))
    times = np.sort(rows["time_us"])
    edges = sorted({int(times[0]), *(int(times[int(cut * (len(times) - 1))]) for cut in cuts), int(times[-1]) + 1})
    for low, high in itertools.pairwise(edges):
        carried.take(rows[(rows["time_us"] >= low) & (rows["time_us"] < high)])
    done = np.concatenate(carried.rows)
    done = done[np.lexsort((done["time_us"], done["device_id"]))]
    names = ["quality", "distance_mm", "moving", "moving_ms", "idle_ms", "place_lat", "place_lon"]

    assert [tuple(row) for row in done[names].tolist()] == made
    assert [carried.state(device) for device in range(len(devices))] == states
    assert carried.kept == [bare(state) for state in states]
    assert sorted(carried.checkpoints, key=lambda item: item[:2]) == sorted(checkpoints, key=lambda item: item[:2])


times = st.integers(1_262_131_200, 1_772_409_600).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC))


@given(
    st.lists(
        st.builds(
            telemetry.Fix,
            time=times,
            position=st.builds(geo.Position, st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)),
            hdop=st.none() | st.floats(0, 20, width=32),
            accuracy_m=st.none() | st.floats(0, 400, width=32),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(KINDS),
)
def test_flags_are_what_the_domain_says(fixes: list[telemetry.Fix], kind: fix_quality.Thresholds) -> None:
    received_at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    rows = fix_rows.empty(len(fixes))
    for row, fix in zip(rows, fixes, strict=True):
        row["time_us"], row["received_us"] = iso_times.unix_us(fix.time), iso_times.unix_us(received_at)
        row["lat"], row["lon"] = fix.position.lat, fix.position.lon
        row["hdop"] = np.nan if fix.hdop is None else fix.hdop
        row["accuracy_m"] = np.nan if fix.accuracy_m is None else fix.accuracy_m

    tracks.flag(rows, limits.columns([kind] * len(rows)))

    assert rows["quality"].tolist() == [
        fix_quality.own_flags(fix, received_at=received_at, limits=kind) for fix in fixes
    ]


def test_one_distance_is_what_a_column_of_them_is() -> None:
    chance = np.random.default_rng(3)
    at = [chance.uniform(-89, 89, 500), chance.uniform(-180, 180, 500)]
    to = [at[0] + chance.normal(0, 0.001, 500), at[1] + chance.normal(0, 0.001, 500)]

    column = track_columns._GEOD.inv(at[1], at[0], to[1], to[0])[2]

    singles = [track_columns.distance_m(*(float(v[n]) for v in (*at, *to))) for n in range(500)]
    assert singles == column.tolist()
    plain = [track.geodesic_m(*(float(v[n]) for v in (*at, *to))) for n in range(500)]
    assert plain == pytest.approx(singles, abs=1e-3)

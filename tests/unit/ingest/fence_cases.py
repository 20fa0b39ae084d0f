"""Drawn fences and tracks for the tests of the fence engine, in a town a few hundred metres wide."""

import datetime as dt
import uuid
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from db import fix_rows
from domain import fence_fold, fence_shapes, fences, geo, schedules
from ingest import fence_index, iso_times

TENANTS = (uuid.UUID(int=1), uuid.UUID(int=2))
PLACES = ((0.0, 0.0), (60.17, 24.94), (-17.0, 180.0), (51.48, -0.0005), (88.9, 100.0))
"""Latitude and longitude of towns where something may go wrong."""
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
_M = 1 / 111_320.0

metres = st.integers(-300, 300)


def place(origin: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of so many metres from a town's middle."""
    lat, lon = origin
    return _lon(lon + east_m * _M / np.cos(np.radians(lat))), lat + north_m * _M


def _lon(lon: float) -> float:
    return float((lon + 180.0) % 360.0 - 180.0)


@st.composite
def shapes(draw: st.DrawFn, origin: tuple[float, float]) -> fence_shapes.Shape:
    x, y, w, h = draw(metres), draw(metres), draw(st.integers(40, 250)), draw(st.integers(40, 250))

    def ring(*corners: tuple[float, float]) -> fence_shapes.Ring:
        return tuple(place(origin, x + a * w, y + b * h) for a, b in corners)

    shells = {
        "box": ring((0, 0), (1, 0), (1, 1), (0, 1)),
        "triangle": ring((0, 0), (1, 0), (0, 1)),
        "l": ring((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)),
    }
    kind = draw(st.sampled_from([*shells, "holed", "two", "circle", "corridor"]))
    if kind == "circle":
        lon, lat = place(origin, x, y)
        return fence_shapes.Circle(centre=geo.Position(lat, lon), radius_m=w / 2)
    if kind == "corridor":
        line = ring((0, 0), (1, 0), (1, 1), (2, 2), (2, 3))
        return fence_shapes.Corridor(line=line[: draw(st.integers(2, 5))], width_m=h / 2)
    parts = [fence_shapes.Polygon(shell=shells.get(kind, shells["box"]))]
    if kind == "holed":
        hole = ring((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7))
        parts = [fence_shapes.Polygon(shell=shells["box"], holes=(hole,))]
    elif kind == "two":
        parts.append(fence_shapes.Polygon(shell=ring((1.5, 0), (2.5, 0), (2.5, 1))))
    return fence_shapes.Polygons(parts=tuple(parts))


HOURS = schedules.Schedule(start=dt.time(12, 1), end=dt.time(12, 3), zone="UTC")
ZONES = ("UTC", "Etc/GMT-12")
"""In the second a day begins at NOON."""
NEW_DAY = dt.date(2026, 3, 3)
DAYS = (
    *((None, None),) * 3,
    (NEW_DAY, None),
    (NEW_DAY, NEW_DAY),
    (None, NEW_DAY - dt.timedelta(days=1)),
    (NEW_DAY - dt.timedelta(days=1), NEW_DAY - dt.timedelta(days=1)),
)


@st.composite
def rules(draw: st.DrawFn) -> fences.Rules:
    return fences.Rules(
        confirmations=draw(st.sampled_from([1, 3])),
        dwell_s=draw(st.sampled_from([None, 60.0])),
        speed_limit_mps=draw(st.sampled_from([None, 10.0])),
        speed_least_s=draw(st.sampled_from([0.0, 25.0])),
        guard=draw(st.sampled_from([None, HOURS])),
        guard_stay_s=40.0,
        crossings=draw(st.booleans()),
    )


@st.composite
def watched(draw: st.DrawFn, origin: tuple[float, float], number: int) -> fences.Geofence:
    valid_from, valid_until = draw(st.sampled_from(DAYS))
    return fences.Geofence(
        id=uuid.UUID(int=100 + number),
        tenant_id=draw(st.sampled_from(TENANTS)),
        name=f"f{number}",
        shape=draw(shapes(origin)),
        zone=draw(st.sampled_from(ZONES)),
        floor_m=draw(st.sampled_from([None, None, 20.0])),
        ceiling_m=draw(st.sampled_from([None, 50.0])),
        schedule=draw(st.sampled_from([None, None, HOURS])),
        valid_from=valid_from,
        valid_until=valid_until,
        rules=draw(rules()),
    )


@st.composite
def towns(draw: st.DrawFn) -> tuple[tuple[float, float], list[fences.Geofence]]:
    origin = draw(st.sampled_from(PLACES))
    return origin, [draw(watched(origin, number)) for number in range(draw(st.integers(0, 5)))]


@dataclass(frozen=True)
class IndexOutline:
    """One fence of an index, asked for one position."""

    index: fence_index.FenceIndex
    number: int

    def depth_m(self, position: geo.Position) -> float:
        depth = self.index.depth_m(np.array([self.number]), np.array([position.lat]), np.array([position.lon]))
        return float(depth[0])

    def is_passed(self, a: geo.Position, b: geo.Position) -> bool:
        ends = [(np.array([each.lat]), np.array([each.lon])) for each in (a, b)]
        return bool(self.index.is_passed(np.array([self.number]), ends[0], ends[1])[0])


def observation(row: np.void) -> fence_fold.Observation:
    """A row as the domain takes it."""

    def told(name: str) -> float | None:
        value = float(row[name])
        return None if np.isnan(value) else value

    return fence_fold.Observation(
        time=iso_times.datetime_of(int(row["time_us"])),
        position=geo.Position(float(row["lat"]), float(row["lon"])),
        accuracy_m=fences.accuracy_m(told("accuracy_m"), told("hdop")),
        alt_m=told("alt_m"),
        speed_mps=told("speed_mps"),
    )


@st.composite
def tracks(draw: st.DrawFn, origin: tuple[float, float]) -> fix_rows.FixRows:
    """Rows of one device, in order."""
    rows = fix_rows.empty(draw(st.integers(0, 14)))
    time_us = iso_times.unix_us(NOON) - draw(st.sampled_from([0, 60, 601])) * 1_000_000
    for row in rows:
        time_us += draw(st.sampled_from([1, 10, 31, 301])) * 1_000_000
        row["time_us"] = time_us
        row["lon"], row["lat"] = place(origin, draw(metres), draw(metres))
        row["place_lon"], row["place_lat"] = row["lon"], row["lat"]
        row["accuracy_m"] = draw(st.sampled_from([np.nan, 3.0, 20.0]))
        row["hdop"] = draw(st.sampled_from([np.nan, 0.9, 4.0]))
        row["speed_mps"] = draw(st.sampled_from([np.nan, 5.0, 15.0]))
        row["alt_m"] = draw(st.sampled_from([np.nan, 10.0, 30.0, 90.0]))
    return rows

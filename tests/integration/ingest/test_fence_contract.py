"""The engine against PostGIS on the geography type: never more than a metre apart, for fences up to 100 km, wherever they lie."""

import itertools
import json
import math
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pyproj
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain import fence_forms, fence_shapes, fences, geo
from ingest import fence_index
from tests.fixtures.database import Database

GEOD = pyproj.Geod(ellps="WGS84")
APART_M = 1.0
TENANT, FENCE = uuid.UUID(int=1), uuid.UUID(int=2)
PLACES = ((0.0, 0.0), (60.17, 24.94), (-17.0, 179.99), (51.48, -0.001), (71.0, -179.9), (-54.8, -68.3), (88.3, 100.0))
"""Latitude and longitude, also where degrees end."""
POLAR_DEG = 85.0

COVERED = """
SELECT ST_Covers(ST_GeomFromGeoJSON(%(shape)s)::geography, ST_MakePoint(p.lon, p.lat)::geography)
FROM unnest(%(lon)s::float8[], %(lat)s::float8[]) WITH ORDINALITY AS p (lon, lat, place) ORDER BY place
"""
REACHED = """
SELECT ST_Distance(ST_GeomFromGeoJSON(%(shape)s)::geography, ST_MakePoint(p.lon, p.lat)::geography)
FROM unnest(%(lon)s::float8[], %(lat)s::float8[]) WITH ORDINALITY AS p (lon, lat, place) ORDER BY place
"""

settled = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
Place = tuple[float, float]


@pytest.fixture
def postgis(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        yield connection


def away(origin: Place, course_deg: float, distance_m: float) -> Place:
    """Longitude and latitude of a place so far from another, which is latitude and longitude."""
    lon, lat, _ = GEOD.fwd(origin[1], origin[0], course_deg, distance_m)
    return lon, lat


@st.composite
def rings(draw: st.DrawFn) -> list[Place]:
    """Corners around a middle, up to 100 km across; longitude and latitude."""
    origin = draw(st.sampled_from(PLACES))
    size_m = draw(st.sampled_from([60.0, 2_000.0, 50_000.0]))
    count = draw(st.integers(3, 12))
    shares = [draw(st.floats(0.3, 1.0)) for _ in range(count)]
    return [away(origin, 360.0 * number / count, size_m * share) for number, share in enumerate(shares)]


@st.composite
def lines(draw: st.DrawFn) -> list[Place]:
    """A line that turns at will."""
    origin = draw(st.sampled_from([place for place in PLACES if abs(place[0]) < POLAR_DEG]))
    points = [(origin[1], origin[0])]
    course = draw(st.floats(0, 360))
    for _ in range(draw(st.integers(1, 5))):
        course += draw(st.floats(-150, 150))
        lon, lat = points[-1]
        points.append(away((lat, lon), course, draw(st.sampled_from([80.0, 1_500.0, 20_000.0]))))
    return points


@st.composite
def beside(draw: st.DrawFn, corners: list[Place]) -> list[Place]:
    """Places on both sides of the great circles between corners, near and far."""
    places = []
    for a, b in itertools.pairwise(corners):
        lon, lat = between(a, b, draw(st.floats(0, 1)))
        for off_m in (0.8, 1.2, 5.0, 80.0, draw(st.floats(0, 30_000))):
            places += [away((lat, lon), draw(st.floats(0, 360)), off_m)]
    return [*places, *corners]


def between(a: Place, b: Place, share: float) -> Place:
    """On the great circle, as PostGIS has it: of the sphere, by geodetic latitudes."""
    u, v = vector(a), vector(b)
    angle = math.acos(min(1.0, float(u @ v)))
    if angle == 0.0:
        return a
    x, y, z = (math.sin((1 - share) * angle) * u + math.sin(share * angle) * v) / math.sin(angle)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def vector(place: Place) -> Any:
    lon, lat = (math.radians(degrees) for degrees in place)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def judged(shape: fence_shapes.Shape, places: list[Place]) -> tuple[list[bool], list[float]]:
    """By the engine: who is inside, and how deep."""
    index = fence_index.FenceIndex([fences.Geofence(id=FENCE, tenant_id=TENANT, name="f", shape=shape)])
    lon, lat = np.array(places).T
    row, _ = index.inside(lat, lon, np.zeros(len(lat), np.int64), np.zeros(len(lat), np.int32))
    depth_m = index.depth_m(np.zeros(len(lat), np.int64), lat, lon)
    return [at in set(row.tolist()) for at in range(len(lat))], depth_m.tolist()


def asked(postgis: psycopg.Connection[Any], query: str, shape: fence_shapes.Shape, places: list[Place]) -> list[Any]:
    geometry = json.dumps(fence_forms.geometry_of(shape))
    given_ = {"shape": geometry, "lon": [lon for lon, _ in places], "lat": [lat for _, lat in places]}
    return [row[0] for row in postgis.execute(query.encode(), given_)]


def hold_equal(inside: list[bool], expected: list[bool], depth_m: list[float], places: list[Place]) -> None:
    apart = [
        (place, depth)
        for place, ours, theirs, depth in zip(places, inside, expected, depth_m, strict=True)
        if ours != theirs and abs(depth) > APART_M
    ]
    assert apart == []


@settled
@given(st.data())
def test_polygons_cover_what_postgis_says(postgis: psycopg.Connection[Any], data: st.DataObject) -> None:
    corners = data.draw(rings())
    places = data.draw(beside([*corners, corners[0]]))
    shape = fence_shapes.polygon(corners)

    inside, depth_m = judged(shape, places)

    hold_equal(inside, asked(postgis, COVERED, shape, places), depth_m, places)


@settled
@given(st.data())
def test_holes_and_second_parts_are_covered_as_postgis_says(
    postgis: psycopg.Connection[Any], data: st.DataObject
) -> None:
    lat, lon = data.draw(st.sampled_from(PLACES))
    shell, hole = ([away((lat, lon), course, radius_m) for course in (0, 90, 180, 270)] for radius_m in (40_000, 9_000))
    island = [away((lat, lon), course, 4_000) for course in (45, 135, 225, 315)]
    shape = fence_shapes.Polygons(
        parts=(fence_shapes.Polygon(shell=shell, holes=(hole,)), fence_shapes.Polygon(shell=island))
    )
    rings_ = ([*ring, ring[0]] for ring in (shell, hole, island))
    places = [place for ring in rings_ for place in data.draw(beside(ring))]

    inside, depth_m = judged(shape, places)

    hold_equal(inside, asked(postgis, COVERED, shape, places), depth_m, places)


@settled
@given(st.data())
@example(None)
def test_corridors_reach_as_far_as_postgis_says(postgis: psycopg.Connection[Any], data: st.DataObject | None) -> None:
    if data is None:
        line, width_m, places = [(24.0, 60.0), (24.01, 60.0)], 100.0, [(24.005, 60.0004), (24.0, 59.9996)]
    else:
        line, width_m = data.draw(lines()), data.draw(st.sampled_from([10.0, 160.0, 10_000.0]))
        places = data.draw(beside(line))
        places += [away((lat, lon), 37.0, width_m / 2 + off_m) for lon, lat in line for off_m in (-1.5, 1.5)]
    shape = fence_shapes.Corridor(line=line, width_m=width_m)

    inside, depth_m = judged(shape, places)

    expected = [distance_m <= width_m / 2 for distance_m in asked(postgis, REACHED, shape, places)]
    hold_equal(inside, expected, depth_m, places)


@settled
@given(st.data())
def test_circles_reach_as_far_as_postgis_says(postgis: psycopg.Connection[Any], data: st.DataObject) -> None:
    lat, lon = data.draw(st.sampled_from([*PLACES, (89.0, 45.0), (-89.0, 0.0)]))
    radius_m = data.draw(st.sampled_from([5.0, 900.0, 100_000.0]))
    shape = fence_shapes.Circle(centre=geo.Position(lat, lon), radius_m=radius_m)
    offs_m = [radius_m + off_m for off_m in (-1.2, 1.2, -radius_m / 2, radius_m)]
    places = [away((lat, lon), data.draw(st.floats(0, 360)), off_m) for off_m in offs_m for _ in range(5)]

    inside, depth_m = judged(shape, places)

    expected = [distance_m <= radius_m for distance_m in asked(postgis, REACHED, shape, places)]
    hold_equal(inside, expected, depth_m, places)

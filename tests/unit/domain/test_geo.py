import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from domain import geo

positions = st.builds(geo.Position, st.floats(-90, 90), st.floats(-180, 180))
near = st.tuples(
    st.floats(-89, 89), st.floats(-180, 180), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)
)  # what a vehicle can do between two fixes


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (0.0, -180.1), (math.nan, 0.0), (0.0, math.nan), (math.inf, 0.0)],
)
def test_a_position_outside_of_the_earth_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(geo.InvalidPositionError) as caught:
        geo.Position(lat, lon)
    assert caught.value.code == "invalid_position"


@given(positions, positions)
def test_haversine_is_symmetric_and_at_most_half_around(a: geo.Position, b: geo.Position) -> None:  # R38
    assert geo.haversine_m(a, b) == pytest.approx(geo.haversine_m(b, a), abs=1e-6)
    assert 0.0 <= geo.haversine_m(a, b) <= math.pi * geo.EARTH_RADIUS_M


@given(positions)
def test_haversine_of_a_point_to_itself_is_zero(a: geo.Position) -> None:  # R38
    assert geo.haversine_m(a, a) == 0.0


def test_haversine_survives_the_antipodes() -> None:  # R38
    assert geo.haversine_m(geo.Position(30.0, 20.0), geo.Position(-30.0, -160.0)) == pytest.approx(
        math.pi * geo.EARTH_RADIUS_M, rel=1e-9
    )


@given(near)
def test_geodesic_agrees_with_proj_within_a_millimetre(case: tuple[float, float, float, float]) -> None:
    lat, lon, d_lat, d_lon = case
    a = geo.Position(lat, lon)
    b = geo.Position(lat + d_lat, (lon + d_lon + 540.0) % 360.0 - 180.0)

    _, _, expected_m = Geod(ellps="WGS84").inv(a.lon, a.lat, b.lon, b.lat)

    assert geo.geodesic_m(a, b) == pytest.approx(expected_m, abs=1e-3)


def test_geodesic_crosses_the_antimeridian_the_short_way() -> None:
    assert geo.geodesic_m(geo.Position(0.0, 179.9), geo.Position(0.0, -179.9)) == pytest.approx(22_263.9, abs=0.1)


def test_geodesic_of_nearly_antipodal_points_falls_back_to_the_sphere() -> None:
    a, b = geo.Position(0.0, 0.0), geo.Position(0.5, 179.7)
    assert geo.geodesic_m(a, b) == geo.haversine_m(a, b)


@pytest.mark.parametrize(
    ("lat", "lon", "course"), [(1.0, 0.0, 0.0), (0.0, 1.0, 90.0), (-1.0, 0.0, 180.0), (0.0, -1.0, 270.0)]
)
def test_bearing_points_along_the_compass(lat: float, lon: float, course: float) -> None:
    assert geo.bearing_deg(geo.Position(0.0, 0.0), geo.Position(lat, lon)) == pytest.approx(course)


@pytest.mark.parametrize(
    ("before_deg", "after_deg", "turn_deg"),
    [
        (10.0, 30.0, 20.0),
        (30.0, 10.0, 20.0),
        (355.0, 5.0, 10.0),
        (5.0, 355.0, 10.0),
        (0.0, 180.0, 180.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_a_turn_is_the_shorter_way_round(before_deg: float, after_deg: float, turn_deg: float) -> None:
    assert geo.turn_deg(before_deg, after_deg) == turn_deg

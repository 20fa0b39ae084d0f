import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import fence_outlines, fence_shapes, fences, geo
from ingest import fence_index
from tests.unit.ingest import fence_cases

MILLIMETRE = 1e-3


@settings(max_examples=120, deadline=None)
@given(
    fence_cases.towns(),
    st.lists(st.tuples(fence_cases.metres, fence_cases.metres), min_size=2, max_size=20),
)
def test_depth_and_ways_are_what_the_plain_outlines_say(
    town: tuple[tuple[float, float], list[fences.Geofence]], offsets: Sequence[tuple[int, int]]
) -> None:
    origin, drawn = town
    index = fence_index.FenceIndex(drawn)
    places = np.array([fence_cases.place(origin, *offset) for offset in offsets])
    lon, lat = places.T
    tenants = np.full(len(places), index.tenant_index(fence_cases.TENANTS[0]))
    devices = np.zeros(len(places), np.int32)
    row, fence = index.inside(lat, lon, tenants, devices)
    found = set(zip(row.tolist(), fence.tolist(), strict=True))
    for number, each in enumerate(drawn):
        outline = fence_outlines.outline_of(each.shape)
        positions = [geo.Position(float(y), float(x)) for x, y in places]
        depths = index.depth_m(np.full(len(places), number), lat, lon)
        for at, (position, depth) in enumerate(zip(positions, depths.tolist(), strict=True)):
            expected = outline.depth_m(position)
            assert depth == pytest.approx(expected, abs=MILLIMETRE)
            if abs(expected) > MILLIMETRE:
                assert ((at, number) in found) is (expected > 0 and each.tenant_id == fence_cases.TENANTS[0])
        for a, b in itertools.pairwise(positions):
            if min(abs(outline.depth_m(a)), abs(outline.depth_m(b))) > 1.0 and max(map(outline.depth_m, (a, b))) < 0:
                ends = [(np.array([p.lat]), np.array([p.lon])) for p in (a, b)]
                assert bool(index.is_passed(np.array([number]), ends[0], ends[1])[0]) is outline.is_passed(a, b)


@settings(max_examples=100, deadline=None)
@given(fence_cases.towns(), st.data())
def test_no_way_through_is_missed_by_the_grid(
    town: tuple[tuple[float, float], list[fences.Geofence]], data: st.DataObject
) -> None:
    origin, drawn = town
    index = fence_index.FenceIndex(drawn)
    a, b = (fence_cases.place(origin, *data.draw(st.tuples(fence_cases.metres, fence_cases.metres))) for _ in range(2))
    before, now = (np.array([a[1]]), np.array([a[0]])), (np.array([b[1]]), np.array([b[0]]))
    for tenant in fence_cases.TENANTS:
        inside, (_, found) = index.reached(before, now, np.array([index.tenant_index(tenant)]), np.array([5], np.int32))
        for number, each in enumerate(drawn):
            if (
                each.tenant_id == tenant
                and each.rules.crossings
                and index.is_passed(np.array([number]), before, now)[0]
            ):
                assert number in found.tolist() + inside[1].tolist()


def inside(shape: fence_shapes.Shape, *places: tuple[float, float]) -> list[bool]:
    """Whether latitudes and longitudes lie in a shape, by the engine and by the plain outline alike."""
    fence = fences.Geofence(id=fence_cases.TENANTS[1], tenant_id=fence_cases.TENANTS[0], name="made up", shape=shape)
    index = fence_index.FenceIndex([fence])
    lat, lon = np.array(places, np.float64).T
    row, _ = index.inside(lat, lon, np.zeros(len(lat), np.int64), np.zeros(len(lat), np.int32))
    outline = fence_outlines.outline_of(shape)
    assert [outline.depth_m(geo.Position(*each)) >= 0 for each in places] == [at in row for at in range(len(lat))]
    return [at in row for at in range(len(lat))]


def box(west: float, south: float, east: float, north: float) -> fence_shapes.Polygons:
    return fence_shapes.polygon(((west, south), (east, south), (east, north), (west, north)))


def test_a_fence_over_the_antimeridian_holds_what_lies_on_both_sides() -> None:
    fiji = box(179.5, -17.5, -179.5, -16.5)

    assert inside(fiji, (-17, 179.9), (-17, -179.9), (-17, 180.0), (-17, -180.0)) == [True] * 4
    assert inside(fiji, (-17, 179.4), (-17, -179.4), (-17, 0.0), (-15, 180.0)) == [False] * 4


def test_a_fence_cut_in_two_at_the_antimeridian_is_the_same() -> None:
    east = fence_shapes.Polygon(shell=((179.5, -17.5), (180, -17.5), (180, -16.5), (179.5, -16.5)))
    west = fence_shapes.Polygon(shell=((-180, -17.5), (-179.5, -17.5), (-179.5, -16.5), (-180, -16.5)))
    fiji = fence_shapes.Polygons(parts=(east, west))

    assert inside(fiji, (-17, 179.9), (-17, -179.9), (-17, 180.0), (-17, -180.0)) == [True] * 4
    assert inside(fiji, (-17, 179.4), (-17, -179.4), (-17, 0.0)) == [False] * 3


def test_a_circle_and_a_corridor_reach_over_the_antimeridian() -> None:
    circle = fence_shapes.Circle(centre=geo.Position(-17.0, 179.9999), radius_m=100.0)
    corridor = fence_shapes.Corridor(line=((179.99, -17.0), (-179.99, -17.0)), width_m=50.0)

    assert inside(circle, (-17.0, 179.9995), (-17.0, -179.9995), (-17.0, -179.998)) == [True, True, False]
    assert inside(corridor, (-17.0001, 179.995), (-17.0001, -179.995), (-17.001, -179.995)) == [True, True, False]


def test_greenwich_is_a_meridian_as_any_other() -> None:
    park = box(-0.01, 51.47, 0.01, 51.49)

    assert inside(park, (51.48, -0.005), (51.48, 0.0), (51.48, 0.005), (51.48, 0.011), (51.48, 359.0 - 360)) == [
        *(True, True, True),
        *(False, False),
    ]


def test_close_to_a_pole_a_metre_is_still_a_metre() -> None:
    circle = fence_shapes.Circle(centre=geo.Position(89.0, 10.0), radius_m=1_000.0)
    # A degree of longitude is 1,949 m here.
    assert inside(circle, (89.0, 10.5), (89.0, 10.52), (89.0089, 10.0), (89.0091, 10.0)) == [True, False, True, False]


def test_a_circle_may_hold_a_pole() -> None:
    around = fence_shapes.Circle(centre=geo.Position(89.9, 0.0), radius_m=20_000.0)

    assert inside(around, (90.0, 0.0), (89.95, 180.0), (89.9, 90.0), (89.8, 180.0)) == [True, True, True, False]


def test_a_polygon_close_to_a_pole_follows_the_great_circle() -> None:
    # Between two corners at 88° a great circle comes closer to the pole: at 45° of 90 it is at 88.586°.
    quarter = fence_shapes.polygon(((0.0, 87.0), (90.0, 87.0), (90.0, 88.0), (0.0, 88.0)))

    assert inside(quarter, (88.5, 45.0), (88.6, 45.0), (87.5, 45.0), (87.9, 45.0)) == [True, False, False, True]


def test_a_polygon_can_not_go_around_a_pole() -> None:
    with pytest.raises(fence_shapes.ShapeError, match="around a pole"):
        fence_shapes.polygon(((0.0, 88.0), (120.0, 88.0), (-120.0, 88.0)))


def test_a_corridor_has_round_ends_and_bends() -> None:
    # Along the equator and then north; a metre is 1/111,320 of a degree here.
    m = 1 / 111_319.5
    corridor = fence_shapes.Corridor(line=((0.0, 0.0), (1000 * m, 0.0), (1000 * m, 1000 * m)), width_m=100.0)

    at_the_end = [(0.0, -49 * m), (0.0, -51 * m), (34 * m, -34 * m), (37 * m, -37 * m)]
    at_the_bend = [(-34 * m, 1034 * m), (-37 * m, 1037 * m), (-49 * m, 1000 * m), (60 * m, 940 * m)]
    assert inside(corridor, *at_the_end) == [True, False, True, False]
    assert inside(corridor, *at_the_bend) == [True, False, True, False]


def test_a_hole_is_outside_and_its_edge_is_not() -> None:
    hole = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    holed = fence_shapes.polygon(((0, 0), (1, 0), (1, 1), (0, 1)), hole)

    assert inside(holed, (0.5, 0.5), (0.3, 0.5), (0.5, 0.7)) == [False, True, True]

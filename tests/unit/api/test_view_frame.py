import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import view_frame
from tests.unit.api import frame_reader

HELSINKI = view_frame.Box(west=24.9, south=60.1, east=25.0, north=60.2)
WORLD = view_frame.Box(west=-180.0, south=-90.0, east=180.0, north=90.0)
NONE = np.zeros(0, np.uint32)


def units(*places: tuple[float, float], course: float = 90.0, status: int = 0, age_s: float = 3.0) -> view_frame.Units:
    count = len(places)
    return view_frame.Units(
        ids=np.arange(1, count + 1),
        lat=np.array([lat for lat, _ in places]),
        lon=np.array([lon for _, lon in places]),
        course_deg=np.full(count, course),
        status=np.full(count, status),
        age_s=np.full(count, age_s),
    )


def encoded(given_units: view_frame.Units, box: view_frame.Box = HELSINKI) -> frame_reader.Frame:
    return frame_reader.read(view_frame.encode_units(view_frame.Kind.SNAPSHOT, 5, box, given_units, NONE))


def test_a_frame_of_ten_thousand_units_has_64_bytes_of_header_and_11_a_unit() -> None:
    frame = view_frame.encode_units(view_frame.Kind.SNAPSHOT, 1, HELSINKI, units(*[(60.15, 24.95)] * 10_000), NONE)

    assert len(frame) == 64 + 11 * 10_000


def test_a_delta_tells_what_came_and_what_went() -> None:
    gone = np.array([7, 9], np.uint32)

    data = view_frame.encode_units(view_frame.Kind.DELTA, 1_790_000_000_123, HELSINKI, units((60.15, 24.95)), gone)
    frame = frame_reader.read(data)

    assert (frame.kind, frame.tick_ms, frame.box) == (view_frame.Kind.DELTA, 1_790_000_000_123, HELSINKI)
    assert (frame.ids, frame.removed) == ([1], [7, 9])
    assert frame.lat[0] == pytest.approx(60.15, abs=1e-6)
    assert frame.lon[0] == pytest.approx(24.95, abs=1e-6)


@pytest.mark.parametrize(
    ("course", "step"), [(0.0, 0), (90.0, 64), (180.0, 128), (359.9, 0), (358.6, 254), (np.nan, 255)]
)
def test_a_course_is_told_in_256ths_of_a_turn(course: float, step: int) -> None:
    assert encoded(units((60.15, 24.95), course=course)).columns["course"].tolist() == [step]


@pytest.mark.parametrize(("age_s", "told"), [(0.0, 0), (-5.0, 0), (3.9, 3), (254.0, 254), (9e9, 254), (np.nan, 255)])
def test_an_age_is_told_in_whole_seconds(age_s: float, told: int) -> None:
    assert encoded(units((60.15, 24.95), age_s=age_s)).columns["age"].tolist() == [told]


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_lies_in_the_world_and_comes_back_within_a_step(lat: float, lon: float) -> None:
    assert WORLD.holds(np.array([lat]), np.array([lon])).all()

    frame = encoded(units((lat, lon)), WORLD)

    assert abs(frame.lat[0] - lat) <= 180 / 65535
    # 180° east and west are one meridian.
    assert abs((frame.lon[0] - lon + 180) % 360 - 180) <= 360 / 65535


def test_a_view_across_the_antimeridian_holds_both_sides() -> None:
    fiji = view_frame.Box(west=177.0, south=-19.0, east=183.0, north=-16.0)
    lat, lon = np.array([-17.0, -17.0, -17.0]), np.array([178.0, -178.0, 0.0])

    assert fiji.holds(lat, lon).tolist() == [True, True, False]
    assert encoded(units((-17.0, -178.0)), fiji).lon[0] == pytest.approx(182.0, abs=1e-4)


def test_a_place_that_is_unknown_lies_nowhere() -> None:
    assert not WORLD.holds(np.array([np.nan, 60.0]), np.array([25.0, np.nan])).any()


def test_a_padded_box_grows_on_each_side_but_not_around_the_world() -> None:
    padded = HELSINKI.padded(0.2)

    assert [padded.west, padded.east] == pytest.approx([24.88, 25.02])
    assert [padded.south, padded.north] == pytest.approx([60.08, 60.22])
    assert view_frame.Box(west=-170.0, south=-80.0, east=170.0, north=80.0).padded(0.2) == WORLD


def test_clusters_are_told_with_their_counts() -> None:
    clusters = view_frame.Clusters(
        lat=np.array([60.15]),
        lon=np.array([24.95]),
        units=np.array([70_000]),
        moving=np.array([66_000]),
        alerts=np.array([70_000]),
    )

    data = view_frame.encode_clusters(5, HELSINKI, clusters)
    frame = frame_reader.read(data)

    assert len(data) == 64 + view_frame.BYTES_A_CLUSTER
    assert frame.kind is view_frame.Kind.CLUSTERS
    assert {name: frame.columns[name].tolist() for name in ("units", "moving", "alerts")} == {
        "units": [70_000],
        "moving": [66_000],
        "alerts": [65_535],
    }

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest import fence_grid

lons = st.one_of(
    st.floats(-180, 180), st.integers(-180, 180).map(float), st.integers(-4096, 4096).map(lambda n: n / 1024)
)
lats = st.one_of(st.floats(-90, 90), st.integers(-90, 90).map(float), st.integers(-4096, 4096).map(lambda n: n / 1024))
boxes = st.tuples(lons, lats, lons, lats).map(
    lambda box: (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
)


@given(st.lists(boxes, max_size=8), st.lists(st.tuples(lons, lats), max_size=8))
def test_the_candidates_are_the_boxes_that_a_point_lies_in(
    drawn: list[tuple[float, float, float, float]], free: list[tuple[float, float]]
) -> None:
    points = free + [(west, north) for west, _, _, north in drawn] + [(east, south) for _, south, east, _ in drawn]
    grid = fence_grid.FenceGrid(np.array(drawn, np.float64).reshape(-1, 4))

    point, box = grid.candidates(np.array([p[0] for p in points]), np.array([p[1] for p in points]))

    expected = {
        (p, b)
        for p, (lon, lat) in enumerate(points)
        for b, (west, south, east, north) in enumerate(drawn)
        if west <= lon <= east and south <= lat <= north
    }
    found = list(zip(point.tolist(), box.tolist(), strict=True))
    assert set(found) == expected
    assert len(found) == len(expected)


# Up to the size of the finest cell, of which there are corners enough; larger ones go another way.
small = st.tuples(lons, lats, st.sampled_from([0.0, 2.0**-11, 2.0**-10]), st.sampled_from([0.0, 2.0**-10])).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
Box = tuple[float, float, float, float]


@given(st.lists(st.one_of(boxes, small), max_size=8), st.lists(st.one_of(boxes, small), max_size=8))
def test_boxes_that_touch_are_found(drawn: list[Box], asked: list[Box]) -> None:
    asked += drawn
    grid = fence_grid.FenceGrid(np.array(drawn).reshape(-1, 4))

    ask, box = grid.overlaps(*np.array(asked).reshape(-1, 4).T)

    found = list(zip(ask.tolist(), box.tolist(), strict=True))
    expected = {
        (a, b)
        for a, (west, south, east, north) in enumerate(asked)
        for b, (left, bottom, right, top) in enumerate(drawn)
        if west <= right and east >= left and south <= top and north >= bottom
    }
    assert set(found) == expected
    assert len(found) == len(expected)

import datetime as dt
import uuid

from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from domain import geo, geofencing

SQUARE = ((24.0, 60.0), (24.1, 60.0), (24.1, 60.1), (24.0, 60.1))
HOLE = ((24.04, 60.04), (24.06, 60.04), (24.06, 60.06), (24.04, 60.06))
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def fence(shell: geofencing.Ring = SQUARE, *holes: geofencing.Ring) -> geofencing.Geofence:
    return geofencing.Geofence(id=uuid.uuid4(), tenant_id=uuid.uuid4(), name="yard", shell=shell, holes=holes)


def test_a_point_in_the_shell_is_inside_and_one_in_the_hole_is_not() -> None:
    assert geofencing.contains(fence(SQUARE, HOLE), geo.Position(60.02, 24.02))
    assert not geofencing.contains(fence(SQUARE, HOLE), geo.Position(60.05, 24.05))
    assert not geofencing.contains(fence(), geo.Position(60.2, 24.05))


def test_the_edge_of_the_shell_and_of_a_hole_count_as_inside() -> None:
    assert geofencing.contains(fence(), geo.Position(60.0, 24.05))
    assert geofencing.contains(fence(), geo.Position(60.0, 24.0))
    assert geofencing.contains(fence(SQUARE, HOLE), geo.Position(60.04, 24.05))


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=8, unique=True),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_contains_agrees_with_covers_of_shapely(ring: list[tuple[int, int]], x: int, y: int) -> None:
    polygon = Polygon(ring)
    if not polygon.is_valid:
        return

    got = geofencing.contains(fence([(float(a), float(b)) for a, b in ring]), geo.Position(float(y), float(x)))

    assert got == polygon.covers(Point(x, y))


def test_transitions_are_the_two_differences_and_exits_come_first() -> None:
    a, b, c = sorted(uuid.uuid4() for _ in range(3))

    found = geofencing.transitions(before={a, b}, now_inside={b, c}, time=NOW)

    assert [(t.fence_id, t.kind) for t in found] == [
        (a, geofencing.TransitionKind.EXITED),
        (c, geofencing.TransitionKind.ENTERED),
    ]
    assert all(t.time == NOW for t in found)


def test_staying_is_no_transition() -> None:
    a = uuid.uuid4()

    assert geofencing.transitions(before={a}, now_inside={a}, time=NOW) == []

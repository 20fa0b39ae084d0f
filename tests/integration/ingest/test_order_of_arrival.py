"""Whatever the order, the repetition and the batching in which fixes arrive, the rows are those of ordered arrival."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db import fence_store
from tests.fixtures.database import Database
from tests.integration.ingest.ground import RECEIVED_US, START, Ground, fix

ZONE = "Etc/GMT-13"
"""Here a day begins ten minutes after START."""
FIRST_DAY, NEXT_DAY = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
HOURS_S = ((0, 60), (60, 120), (300, 420), (600, 4_020))
"""In these, as seconds from START, somebody should be at a fence."""
WEST, EAST = shapely.box(24.0, 60.0, 24.004, 60.004), shapely.box(24.003, 60.003, 24.01, 60.01)
TERMS: Sequence[tuple[shapely.Polygon, Mapping[str, Any]]] = (
    (WEST, {}),
    (EAST, {}),
    (WEST, {"floor_m": 20.0, "ceiling_m": 60.0}),
    (EAST, {"floor_m": 20.0, "valid_from": NEXT_DAY}),
    (WEST, {"ceiling_m": 60.0, "valid_until": FIRST_DAY}),
)


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database, [outline for outline, _ in TERMS], terms=[terms for _, terms in TERMS], zone=ZONE)
    yield made
    made.close()


@st.composite
def drives(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Fixes with numbers of their own; some tell of the same time."""
    fixes = []
    second = 0.0
    for seq in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 4)):
            second += draw(st.sampled_from([0.001, 1.0, 30.0, 299.999, 301.0, 1800.0, 7200.0]))
        more = {}
        if draw(st.booleans()):
            more["spd"] = draw(st.sampled_from([0.0, 0.99, 1.0, 1.1, 13.37]))
        if draw(st.booleans()):
            more["hdop"] = draw(st.sampled_from([0.8, 1.2, 99.0]))
        if draw(st.booleans()):
            more["alt"] = draw(st.sampled_from([5.0, 20.0, 40.0, 90.0]))
        lat = 60.0 + draw(st.integers(0, 11)) / 1000
        lon = 24.0 + draw(st.integers(0, 11)) / 1000
        fixes.append(fix(seq, second, lat, lon, fix=draw(st.sampled_from([2, 3])), **more))
    return fixes


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[list[dict[str, Any]]]]]:
    """A drive, and batches of messages that bring each of its fixes at least once."""
    drive = draw(drives())
    sent = drive + draw(st.lists(st.sampled_from(drive), max_size=6))
    sent = draw(st.permutations(sent))
    batches: list[list[list[dict[str, Any]]]] = [[[]]]
    for item in sent:
        cut = draw(st.integers(0, 3))
        if cut == 0 and batches[-1][-1]:
            batches.append([[]])
        elif cut == 1 and batches[-1][-1]:
            batches[-1].append([])
        batches[-1][-1].append(item)
    return drive, batches


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals())
@example(([fix(0, 0), fix(1, 10)], [[[fix(1, 10)]], [[fix(0, 0)]]]))
@example(
    ([fix(0, 0), fix(1, 10, spd=5.0)], [[[fix(0, 0)]], [[fix(1, 10, spd=5.0)]], [[fix(0, 0)], [fix(1, 10, spd=5.0)]]])
)
@pytest.mark.timeout(300)
def test_rows_are_those_of_ordered_arrival(
    ground: Ground, arrival: tuple[list[dict[str, Any]], list[list[list[dict[str, Any]]]]]
) -> None:
    drive, batches = arrival
    ordered, ordered_topic = ground.new_device()
    other, other_topic = ground.new_device()

    ground.send(ordered_topic, [[[item]] for item in drive])
    ground.send(other_topic, batches)

    assert ground.rows(other) == ground.rows(ordered)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals(), st.integers(0, 6))
@pytest.mark.timeout(300)
def test_absent_are_those_of_ordered_arrival_whenever_they_were_looked_for(
    ground: Ground, arrival: tuple[list[dict[str, Any]], list[list[list[dict[str, Any]]]]], early: int
) -> None:
    """The hours are settled once all of the drive is in; with the other device also after some of its batches."""
    drive, batches = arrival
    ordered, ordered_topic = ground.new_device()
    other, other_topic = ground.new_device()

    ground.send(ordered_topic, [[[item]] for item in drive])
    expect(ground, ordered)
    expect(ground, other)
    ground.send(other_topic, batches[:early])
    settle(ground)
    ground.send(other_topic, batches[early:])
    settle(ground)

    assert ground.rows(other) == ground.rows(ordered)


def absent(ground: Ground, device_id: int, fence: str = "fence 0") -> list[float]:
    """Ends of the hours, as seconds from START, in which the device was missing."""
    query = (
        "SELECT extract(epoch FROM e.time - %s)::float FROM geofence_event e JOIN geofence g ON g.id = e.geofence_id"
        " WHERE e.kind = 'absent' AND e.device_id = %s AND g.name = %s ORDER BY 1"
    )
    return [second for (second,) in ground.select(query, START, device_id, fence)]


def received_us(second: float) -> int:
    return round((START.timestamp() + second) * 1e6)


def test_a_fix_that_comes_seconds_after_its_hours_were_settled_takes_the_absence_back(ground: Ground) -> None:
    device, topic = ground.new_device()
    expect(ground, device)
    settle(ground)
    assert absent(ground, device) == [60, 120, 420, 4_020]

    ground.send(topic, [[[fix(0, 50, spd=9.0)]]], received_us=received_us(62))
    settle(ground)

    assert absent(ground, device) == []  # as far as anybody knows it is there since


def test_an_exit_that_is_believed_after_hours_were_settled_makes_the_device_absent(ground: Ground) -> None:
    device, topic = ground.new_device()
    clear = {"lon": 24.0045, "spd": 9.0}  # 28 m beyond the edge: one fix alone is no exit
    expect(ground, device)
    for second, more in ((0, {"spd": 9.0}), (50, clear)):
        ground.send(topic, [[[fix(second, second, **more)]]], received_us=received_us(second + 1))
    settle(ground)
    assert absent(ground, device) == []

    ground.send(topic, [[[fix(130, 130, **clear)]]], received_us=received_us(131))
    settle(ground)

    assert absent(ground, device) == [120, 420, 4_020]


def expect(ground: Ground, device_id: int) -> None:
    """Plan that a device should be at every fence in some hours."""
    for begin_s, end_s in HOURS_S:
        hours = [START + dt.timedelta(seconds=each) for each in (begin_s, end_s)]
        ground.connection.execute(
            "INSERT INTO geofence_absence (tenant_id, geofence_id, device_id, window_start, window_end, due_at)"
            " SELECT tenant_id, id, %s, %s, %s, %s FROM geofence",
            [device_id, *hours, hours[1]],
        )


def settle(ground: Ground) -> None:
    """Look for who is absent, as ingest does when hours are over."""
    fence_store.settle_absences(ground.connection, dt.datetime.now(dt.UTC), most=1_000)


def test_the_same_batch_sent_again_changes_nothing(ground: Ground) -> None:
    device, topic = ground.new_device()
    batch = [[fix(n, n * 10, lon=24.0 + n / 1000, spd=3.0)] for n in range(30)]
    ground.send(topic, [batch])
    before = ground.rows(device)

    ground.send(topic, [batch, batch])

    assert ground.rows(device) == before
    assert len(before["fix"]) == 30


def test_a_fix_that_comes_late_shortens_the_leg_after_it(ground: Ground) -> None:
    device, topic = ground.new_device()
    ground.send(topic, [[[fix(0, 0, lat=60.0)]], [[fix(2, 20, lat=60.002)]]])
    ground.send(topic, [[[fix(1, 10, lat=60.001)]]])

    distances = [row[9] for row in ground.rows(device)["fix"]]

    assert distances == pytest.approx([0.0, 111.41, 111.41], abs=0.02)
    assert ground.rows(device)["activity_hourly"][0][1:3] == (3, pytest.approx(222.83, abs=0.05))


def test_of_two_contents_for_one_time_the_better_stays(ground: Ground) -> None:
    device, topic = ground.new_device()

    ground.send(topic, [[[fix(1, 0, hdop=0.7)]], [[fix(2, 0, hdop=5.0)]]])

    assert [row[3] for row in ground.rows(device)["fix"]] == [1]


@pytest.mark.parametrize("told", [{"spd": 4.0}, {"alt": -3.0}, {"crs": 0.0}, {"acc": 5.0}, {"sat": 0}, {"odo": 0.0}])
@pytest.mark.parametrize("ahead_s", [None, 600])
def test_contents_that_differ_in_little_leave_the_same_row_in_any_order(
    ground: Ground, told: dict[str, float], ahead_s: int | None
) -> None:
    received_us = RECEIVED_US if ahead_s is None else int((START.timestamp() - ahead_s) * 1e6)
    plain, more = fix(1, 0), fix(1, 0, **told)
    rows = []
    for batches in ([[[plain]], [[more]]], [[[more]], [[plain]]], [[[plain, more]]], [[[more], [plain]]]):
        device, topic = ground.new_device()
        ground.send(topic, batches, received_us=received_us)
        rows.append(ground.rows(device))

    assert rows[1:] == rows[:1] * 3
    assert told.items() <= dict(zip(("spd", "alt", "crs", "acc", "odo", "sat"), _of_fix(rows[0]), strict=True)).items()


def _of_fix(rows: dict[str, list[tuple[Any, ...]]]) -> tuple[Any, ...]:
    [(_, _, _, _, alt, speed, course, _, accuracy, _, _, satellites, _, _, odometer)] = rows["fix"]
    return speed, alt, course, accuracy, odometer, satellites


def test_a_late_fix_never_replaces_the_latest_position(ground: Ground) -> None:
    device, topic = ground.new_device()

    ground.send(topic, [[[fix(2, 100, lat=60.005)]], [[fix(1, 50, lat=60.001)]]])

    assert [row[1] for row in ground.rows(device)["device_latest"]] == [60.005]

"""Whatever the order, the repetition and the batching in which fixes arrive, the rows are those of ordered arrival."""

import datetime as dt
import itertools
import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.wire import topics
from ingest import worker
from tests.fixtures.database import Database

START = dt.datetime(2026, 3, 1, 10, 50, tzinfo=dt.UTC)
FENCES = (shapely.box(24.0, 60.0, 24.004, 60.004), shapely.box(24.003, 60.003, 24.01, 60.01))
_numbers = itertools.count()


class Ground:
    """A database with a tenant and fences, a worker on it, and new devices for each try."""

    def __init__(self, database: Database) -> None:
        self.connection = psycopg.connect(database.owner_dsn, autocommit=True)
        self.tenant_id = uuid.uuid4()
        self.connection.execute("INSERT INTO tenant (id, slug, name) VALUES (%s, 'acme', 'Acme')", [self.tenant_id])
        for number, fence in enumerate(FENCES):
            self.connection.execute(
                "INSERT INTO geofence (tenant_id, id, name, geom) VALUES (%s, %s, %s, ST_GeomFromWKB(%s, 4326))",
                [self.tenant_id, uuid.uuid4(), f"fence {number}", fence.wkb],
            )
        self.worker = worker.Worker(database.backend_dsn)
        self.worker.connect()

    def new_device(self) -> tuple[int, bytes]:
        """Id and topic of a device that has sent nothing."""
        name = f"van-{next(_numbers)}"
        row = self.connection.execute(
            "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), %s) RETURNING id",
            [self.tenant_id, name],
        ).fetchone()
        assert row is not None
        return row[0], topics.device_topic("acme", name, topics.Lane.FIXES).encode()

    def send(self, topic: bytes, batches: Sequence[Sequence[Sequence[dict[str, Any]]]]) -> None:
        """Commit batches of messages of fixes."""
        for number, batch in enumerate(batches):
            payloads = [json.dumps(message).encode() for message in batch]
            made = self.worker.prepare([topic] * len(payloads), payloads, 1_800_000_000_000_000 + number)
            self.worker.commit(made)

    def rows(self, device_id: int) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that follows from a device's fixes, without who it is and the facts of receipt."""
        return {
            name: self.connection.execute(query, [device_id]).fetchall()
            for name, query in {
                "fix": "SELECT time, lat, lon, seq, alt_m, speed_mps, course_deg, hdop, accuracy_m, distance_m, quality,"
                " satellites, fix_mode, moving FROM fix WHERE device_id = %s ORDER BY time",
                "device_latest": "SELECT time, lat, lon, seq, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,"
                " satellites, fix_mode, moving FROM device_latest WHERE device_id = %s",
                "activity_hourly": "SELECT hour, fixes, distance_m, moving_s, idle_s, max_speed_mps FROM activity_hourly"
                " WHERE device_id = %s ORDER BY hour",
                "geofence_event": "SELECT geofence_id, time, kind, lat, lon FROM geofence_event WHERE device_id = %s"
                " ORDER BY time, geofence_id, kind",
                "geofence_presence": "SELECT geofence_id, entered_at FROM geofence_presence WHERE device_id = %s"
                " ORDER BY geofence_id",
            }.items()
        }

    def close(self) -> None:
        self.worker.close()
        self.connection.close()


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database)
    yield made
    made.close()


def fix(seq: int, second: float, lat: float = 60.002, lon: float = 24.002, **more: Any) -> dict[str, Any]:
    time = START + dt.timedelta(seconds=second)
    text = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"t": text, "lat": lat, "lon": lon, "fix": 3, "seq": seq, **more}


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


def test_a_late_fix_never_replaces_the_latest_position(ground: Ground) -> None:
    device, topic = ground.new_device()

    ground.send(topic, [[[fix(2, 100, lat=60.005)]], [[fix(1, 50, lat=60.001)]]])

    assert [row[1] for row in ground.rows(device)["device_latest"]] == [60.005]

"""Fences from the wire to rows: hysteresis, visits, rules, edits, absence; and that late data changes none of it."""

import dataclasses
import datetime as dt
import itertools
import json
import random
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from db import engine, geofences
from domain import fence_fold, fence_shapes, fences, geo, schedules
from ingest import fence_edits, shards, worker
from tests.fixtures.database import Database
from tests.integration.ingest.ground import START, Ground, fix
from tests.integration.ingest.test_order_of_arrival import arrivals

YARD = fence_shapes.Circle(centre=geo.Position(60.002, 24.002), radius_m=200.0)
ROAD = fence_shapes.Corridor(line=((24.0, 60.006), (24.006, 60.006), (24.01, 60.01)), width_m=120.0)
TOLERANT = fences.Rules(dwell_s=600.0, speed_limit_mps=1.05, speed_least_s=20.0)
INSIDE, OUTSIDE = {"lat": 60.002, "lon": 24.002}, {"lat": 60.006, "lon": 24.002}


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database)
    yield made
    made.close()


def draw_fence(ground: Ground, shape: fence_shapes.Shape = YARD, **more: Any) -> fences.Geofence:
    given_ = {"id": uuid.uuid4(), "tenant_id": ground.tenant_id, "name": "Yard", "shape": shape, **more}
    return fences.Geofence(**given_)


def save(ground: Ground, database: Database, fence: fences.Geofence) -> None:
    with engine.connect(database.owner_dsn) as connection:
        geofences.save(connection, fence)
        connection.commit()
    ground.worker.see_leases()


def events(ground: Ground, device_id: int) -> list[tuple[str, str, float]]:
    rows = ground.select(
        "SELECT kind, reason, extract(epoch FROM time - %s)::float FROM geofence_event WHERE device_id = %s"
        " ORDER BY time, kind",
        START,
        device_id,
    )
    return [(kind, reason, second) for kind, reason, second in rows]


def visits(ground: Ground, device_id: int) -> list[tuple[float, float | None, float | None]]:
    columns = ", ".join(
        f"extract(epoch FROM {name} - %(start)s)::float" for name in ("entered_at", "dwelled_at", "exited_at")
    )
    query = f"SELECT {columns} FROM visit WHERE device_id = %(device)s ORDER BY entered_at"
    return ground.connection.execute(query.encode(), {"start": START, "device": device_id}).fetchall()


def test_a_stay_is_one_visit_with_entry_dwell_and_exit(ground: Ground, database: Database) -> None:
    save(ground, database, draw_fence(ground, rules=TOLERANT))
    device, topic = ground.new_device()

    track = [
        fix(0, 0, **OUTSIDE),
        *(fix(n, 60 * n, **INSIDE, spd=0.0) for n in range(1, 14)),
        fix(14, 840, **OUTSIDE, spd=9.0),
    ]
    ground.send(topic, [[[item]] for item in track])

    assert events(ground, device) == [("entered", "deep", 60), ("dwelled", "dwell", 660), ("exited", "deep", 840)]
    assert visits(ground, device) == [(60, 660, 840)]
    [(visit_id, fence_id)] = ground.select("SELECT id, geofence_id FROM visit WHERE device_id = %s", device)
    assert visit_id == fence_fold.visit_id(device, fence_id, START + dt.timedelta(seconds=60))
    assert ground.select("SELECT count(DISTINCT visit_id), count(*) FROM geofence_event") == [(1, 3)]
    assert ground.select("SELECT * FROM geofence_presence") == []


def test_a_run_that_is_not_confirmed_yet_survives_a_restart(ground: Ground, database: Database) -> None:
    save(ground, database, draw_fence(ground))
    device, topic = ground.new_device()
    # Some 30 m inside of the edge, told with 15 m: clear, not deep.
    near = {"lat": 60.002 + 170 / 111_400, "lon": 24.002, "acc": 15.0, "spd": 5.0}

    ground.send(topic, [[[fix(n, n, **near)]] for n in range(3)], forgets=True)

    assert events(ground, device) == [("entered", "count", 0)]
    assert ground.select("SELECT phase, extract(epoch FROM entered_at - %s)::int FROM geofence_presence", START) == [
        ("in", 0)
    ]


def test_a_way_through_without_a_fix_inside_is_a_crossing(ground: Ground, database: Database) -> None:
    save(ground, database, draw_fence(ground, fence_shapes.Circle(centre=geo.Position(60.002, 24.002), radius_m=30.0)))
    device, topic = ground.new_device()

    ground.send(topic, [[[fix(0, 0, lon=24.0, spd=20.0)]], [[fix(1, 12, lon=24.004, spd=20.0)]]])

    assert events(ground, device) == [("crossed", "segment", 12)]
    assert visits(ground, device) == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals())
@pytest.mark.timeout(300)
def test_events_and_visits_are_those_of_ordered_arrival(
    ground: Ground, database: Database, arrival: tuple[list[dict[str, Any]], list[list[list[dict[str, Any]]]]]
) -> None:
    if not ground.worker.state.fences.index.fences:
        hours = schedules.Schedule(start=dt.time(10), end=dt.time(12))
        save(ground, database, draw_fence(ground, rules=TOLERANT))
        save(ground, database, draw_fence(ground, ROAD, name="Road", schedule=hours, rules=TOLERANT))
        save(ground, database, draw_fence(ground, name="Gate", rules=fences.Rules(guard=hours, confirmations=1)))
    drive, batches = arrival
    ordered, ordered_topic = ground.new_device()
    other, other_topic = ground.new_device()

    ground.send(ordered_topic, [[[item]] for item in drive])
    ground.send(other_topic, batches)

    assert ground.rows(other) == ground.rows(ordered)


def test_what_late_data_corrects_is_marked_and_nobody_is_told(ground: Ground, database: Database) -> None:
    save(ground, database, draw_fence(ground))
    device, topic = ground.new_device()
    ground.send(topic, [[[fix(0, 0, **OUTSIDE)]], [[fix(9, 900, **OUTSIDE)]]])
    assert events(ground, device) == []

    made = ground.worker.prepare(
        [topic], [json.dumps([fix(5, 400, **INSIDE), fix(6, 500, **INSIDE)]).encode()], 1_800_000_000_000_000
    )
    outcome = ground.worker.commit(made)

    assert visits(ground, device) == [(400, None, 900)]
    assert ground.select("SELECT count(*) FROM visit WHERE corrected_at IS NOT NULL") == [(1,)]
    assert ground.select("SELECT bool_and(late AND corrected_at IS NOT NULL) FROM geofence_event") == [(True,)]
    assert outcome.events == []


def test_news_are_as_old_as_what_settled_them(ground: Ground, database: Database) -> None:
    rules = fences.Rules(speed_limit_mps=5.0, speed_least_s=900.0)
    save(ground, database, draw_fence(ground, rules=rules))
    _, topic = ground.new_device()
    now = dt.datetime.now(dt.UTC)

    def told(minute: int) -> list[str]:
        time = (now + dt.timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        payload = json.dumps([{**fix(minute + 60, 0, **INSIDE, spd=8.0), "t": time}]).encode()
        outcome = ground.worker.commit(ground.worker.prepare([topic], [payload], round(now.timestamp() * 1e6)))
        return [topic.rpartition("/")[2] for topic, _ in outcome.events]

    assert told(-20) == []  # it is old
    assert told(-1) == ["GeofenceSpeeding"]  # since then, but known only now


class TestEdits:
    def test_who_is_inside_is_told_at_once(self, ground: Ground, database: Database) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        fence = draw_fence(ground)

        save(ground, database, fence)
        assert events(ground, device) == [("entered", "edited", 0)]
        away = fence_shapes.Circle(centre=geo.Position(61.0, 24.0), radius_m=100.0)
        save(ground, database, fences.Geofence(id=fence.id, tenant_id=fence.tenant_id, name="Yard", shape=away))

        assert events(ground, device) == [("entered", "edited", 0), ("exited", "edited", 0)]
        assert visits(ground, device) == [(0, None, 0)]
        assert ground.select("SELECT * FROM geofence_presence") == []

    def test_the_fold_goes_on_from_there(self, ground: Ground, database: Database) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        save(ground, database, draw_fence(ground))

        ground.send(topic, [[[fix(1, 60, **INSIDE)]], [[fix(2, 120, **OUTSIDE, spd=9.0)]]])

        assert visits(ground, device) == [(0, None, 120)]

    def test_a_device_that_has_not_spoken_since_the_start_is_judged_too(
        self, ground: Ground, database: Database
    ) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        ground.worker.close()
        ground.worker = worker.Worker(database.backend_dsn)
        ground.worker.connect()
        ground.worker.take_leases(shards.ALL)

        save(ground, database, draw_fence(ground))

        assert events(ground, device) == [("entered", "edited", 0)]
        ground.send(topic, [[[fix(1, 60, **INSIDE)]], [[fix(2, 120, **OUTSIDE, spd=9.0)]]])
        assert visits(ground, device) == [(0, None, 120)]

    def test_devices_of_others_are_left_to_them(self, ground: Ground, database: Database) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        ground.worker.release_leases(shards.ALL)

        save(ground, database, draw_fence(ground))

        assert events(ground, device) == []
        ground.worker.take_leases(shards.ALL)
        ground.worker.see_leases()
        assert events(ground, device) == [("entered", "edited", 0)]

    def test_an_edit_is_judged_though_the_fences_were_loaded_for_another_reason(
        self, ground: Ground, database: Database
    ) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        with engine.connect(database.owner_dsn) as connection:
            geofences.save(connection, draw_fence(ground))
            connection.commit()

        ground.worker._forget()
        ground.worker.see_leases()

        assert events(ground, device) == [("entered", "edited", 0)]

    def test_an_edit_may_take_longer_to_judge_than_a_vanished_process_keeps_its_leases(
        self, ground: Ground, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        assert ground.worker._connection is not None
        ground.worker._connection.execute("SET idle_in_transaction_session_timeout = '100ms'")
        judge = fence_edits._Look.judge

        def judge_slowly(*given_: Any) -> Any:
            time.sleep(0.4)
            return judge(*given_)

        monkeypatch.setattr(fence_edits._Look, "judge", judge_slowly)

        save(ground, database, draw_fence(ground))

        assert events(ground, device) == [("entered", "edited", 0)]

    def test_a_stay_goes_on_over_an_edit_that_is_taken_back(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground, rules=TOLERANT)
        away = dataclasses.replace(fence, shape=fence_shapes.Circle(centre=geo.Position(61.0, 24.0), radius_m=100.0))
        save(ground, database, fence)
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]], [[fix(1, 60, **INSIDE)]]])

        for edited in (away, fence, away, fence):
            save(ground, database, edited)

        assert events(ground, device) == [("entered", "deep", 0)]
        ground.send(topic, [[[fix(2, 660, **INSIDE)]], [[fix(3, 720, **OUTSIDE, spd=9.0)]]])
        assert visits(ground, device) == [(0, 660, 720)]

    def test_an_entry_by_an_edit_that_is_taken_back_spoils_no_other_visit(
        self, ground: Ground, database: Database
    ) -> None:
        fence = draw_fence(ground)
        wide = dataclasses.replace(fence, shape=fence_shapes.Circle(centre=YARD.centre, radius_m=2_000.0))
        save(ground, database, fence)
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]], [[fix(1, 60, **OUTSIDE, spd=9.0)]]])

        for edited in (wide, fence):
            save(ground, database, edited)

        assert events(ground, device) == [("entered", "deep", 0), ("exited", "deep", 60)]
        assert visits(ground, device) == [(0, None, 60)]

    def test_a_new_name_moves_nobody(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        save(ground, database, fence)
        device, topic = ground.new_device()
        beside = {"lat": 60.002 + 205 / 111_400, "lon": 24.002, "acc": 20.0}  # beyond the edge, within its band
        ground.send(topic, [[[fix(0, 0, **INSIDE)]], [[fix(1, 60, **beside, spd=5.0)]]])

        save(ground, database, dataclasses.replace(fence, name="Court"))
        moved = fence_shapes.Circle(centre=YARD.centre, radius_m=201.0)
        save(ground, database, dataclasses.replace(fence, shape=moved))

        assert events(ground, device) == [("entered", "deep", 0)]

    def test_nobody_enters_a_height_that_is_not_known(self, ground: Ground, database: Database) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE, alt=500.0)]]])

        save(ground, database, draw_fence(ground, ceiling_m=100.0))

        assert events(ground, device) == []

    def test_another_time_zone_moves_the_hours(self, ground: Ground, database: Database) -> None:
        hours = schedules.Schedule(start=dt.time(10), end=dt.time(12))  # it is 10:50
        save(ground, database, draw_fence(ground, schedule=hours))
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])
        assert events(ground, device) == [("entered", "deep", 0)]

        ground.connection.execute("UPDATE tenant SET time_zone = 'Asia/Tokyo'")
        ground.worker.see_leases()

        assert visits(ground, device) == [(0, None, 0)]

    def test_a_time_zone_that_is_none_stops_nothing_but_its_fences(self, ground: Ground, database: Database) -> None:
        hours = schedules.Schedule(start=dt.time(10), end=dt.time(12))
        save(ground, database, draw_fence(ground, schedule=hours))
        save(ground, database, draw_fence(ground, name="Always"))
        device, topic = ground.new_device()

        ground.connection.execute("UPDATE tenant SET time_zone = 'Asia/Atlantis'")
        ground.worker.see_leases()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])

        assert events(ground, device) == [("entered", "deep", 0)]

    def test_late_data_leaves_no_exit_of_a_stay_that_never_was(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        save(ground, database, fence)
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **OUTSIDE)]], [[fix(1, 60, **INSIDE)]], [[fix(3, 180, **INSIDE)]]])
        away = fence_shapes.Circle(centre=geo.Position(61.0, 24.0), radius_m=100.0)
        save(ground, database, dataclasses.replace(fence, shape=away))
        assert visits(ground, device) == [(60, None, 180)]

        ground.send(topic, [[[fix(2, 30, **OUTSIDE)]]])

        assert (events(ground, device), visits(ground, device)) == ([], [])

    def test_whom_a_fence_looks_at_no_more_leaves(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        save(ground, database, fence)
        (device, topic), (other, _) = ground.new_device(), ground.new_device()
        ground.send(topic, [[[fix(0, 0, **OUTSIDE)]], [[fix(1, 60, **INSIDE)]], [[fix(3, 180, **INSIDE)]]])
        [(name,)] = ground.select("SELECT name FROM device WHERE id = %s", other)
        with engine.connect(database.owner_dsn) as connection:
            geofences.assign(connection, fence.id, geofences.Whom(devices=(name,)), tenant_id=fence.tenant_id)
            connection.commit()
        ground.worker.see_leases()
        assert visits(ground, device) == [(60, None, 180)]

        ground.send(topic, [[[fix(2, 30, **OUTSIDE)]]])

        assert visits(ground, device) == [(60, None, 180)]  # late data leaves what happened while it was looked at

    def test_a_fence_that_is_removed_ends_its_stays(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        save(ground, database, fence)
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **INSIDE)]], [[fix(1, 60, **INSIDE)]]])

        with engine.connect(database.owner_dsn) as connection:
            geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
            connection.commit()
        ground.worker.see_leases()

        assert events(ground, device) == [("entered", "deep", 0), ("exited", "edited", 60)]
        assert visits(ground, device) == [(0, None, 60)]

    def test_late_data_leaves_what_happened_at_a_removed_fence(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        save(ground, database, fence)
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0, **OUTSIDE)]], [[fix(1, 60, **INSIDE)]], [[fix(3, 180, **INSIDE)]]])
        with engine.connect(database.owner_dsn) as connection:
            geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
            connection.commit()
        ground.worker.see_leases()
        before = events(ground, device), visits(ground, device)

        ground.send(topic, [[[fix(2, 30, **OUTSIDE)]]])

        assert (events(ground, device), visits(ground, device)) == before
        assert before[1] == [(60, None, 180)]

    def test_a_fence_looks_at_those_it_is_assigned_to(self, ground: Ground, database: Database) -> None:
        fence = draw_fence(ground)
        (ours, our_topic), (other, other_topic) = ground.new_device(), ground.new_device()
        [(name,)] = ground.select("SELECT name FROM device WHERE id = %s", ours)
        with engine.connect(database.owner_dsn) as connection:
            geofences.save(connection, fence)
            geofences.assign(connection, fence.id, geofences.Whom(devices=(name,)), tenant_id=fence.tenant_id)
            connection.commit()
        ground.worker.see_leases()

        for topic in (our_topic, other_topic):
            ground.send(topic, [[[fix(0, 0, **INSIDE)]]])

        assert len(events(ground, ours)) == 1
        assert events(ground, other) == []

    def test_a_row_that_nobody_can_read_keeps_no_other_fence_from_being_watched(
        self, ground: Ground, database: Database
    ) -> None:
        save(ground, database, draw_fence(ground))
        save(ground, database, draw_fence(ground, name="Broken"))
        ground.connection.execute("UPDATE geofence SET rules = '{\"dwell_s\": -1}' WHERE name = 'Broken'")
        ground.worker.see_leases()
        device, topic = ground.new_device()

        ground.send(topic, [[[fix(0, 0, **INSIDE)]]])

        assert len(events(ground, device)) == 1


class TestAbsence:
    """Somebody should be in the yard in the hour before last."""

    @pytest.fixture
    def window(self) -> tuple[dt.datetime, dt.datetime]:
        end = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0) - dt.timedelta(minutes=30)
        return end - dt.timedelta(hours=1), end

    @pytest.fixture
    def fence(self, ground: Ground, database: Database, window: tuple[dt.datetime, dt.datetime]) -> fences.Geofence:
        hours = schedules.Schedule(start=window[0].time(), end=window[1].time())
        fence = draw_fence(ground, rules=fences.Rules(absence=hours, absence_grace_s=60.0))
        with engine.connect(database.owner_dsn) as connection:
            geofences.save(connection, fence)
            connection.commit()
        old = "now() - interval '5 hours'"
        ground.connection.execute(f"UPDATE geofence SET created_at = {old}, updated_at = {old}".encode())
        return fence

    def new_device(self, ground: Ground) -> tuple[int, bytes]:
        made = ground.new_device()
        ground.connection.execute("UPDATE device SET created_at = now() - interval '5 hours'")
        return made

    def look(self, ground: Ground) -> list[tuple[Any, ...]]:
        ground.worker._next_absences_s = 0.0
        ground.worker.see_leases()
        return ground.select("SELECT device_id, time, kind, reason FROM geofence_event WHERE kind = 'absent'")

    def at(self, time: dt.datetime, seq: int) -> dict[str, Any]:
        return {**fix(seq, 0, **INSIDE), "t": time.isoformat(timespec="milliseconds").replace("+00:00", "Z")}

    @pytest.mark.usefixtures("fence")
    def test_whoever_was_not_there_is_told_of_once(
        self, ground: Ground, window: tuple[dt.datetime, dt.datetime]
    ) -> None:
        there, topic = self.new_device(ground)
        missing, _ = self.new_device(ground)
        now_us = round(dt.datetime.now(dt.UTC).timestamp() * 1e6)
        ground.send(topic, [[[self.at(window[0] + dt.timedelta(minutes=5), 1)]]], received_us=now_us)

        told = self.look(ground)

        assert told == [(missing, window[1], "absent", "window")]
        assert self.look(ground) == told
        assert there != missing

    @pytest.mark.usefixtures("fence")
    def test_a_device_that_comes_back_with_its_fixes_takes_the_event_back(
        self, ground: Ground, window: tuple[dt.datetime, dt.datetime]
    ) -> None:
        device, topic = self.new_device(ground)
        assert [row[0] for row in self.look(ground)] == [device]

        now_us = round(dt.datetime.now(dt.UTC).timestamp() * 1e6)
        ground.send(topic, [[[self.at(window[0] + dt.timedelta(minutes=5), 1)]]], received_us=now_us)

        assert self.look(ground) == []

    @pytest.mark.usefixtures("fence")
    def test_a_device_that_comes_back_having_left_before_was_missing(
        self, ground: Ground, window: tuple[dt.datetime, dt.datetime]
    ) -> None:
        device, topic = self.new_device(ground)
        now_us = round(dt.datetime.now(dt.UTC).timestamp() * 1e6)
        ground.send(topic, [[[self.at(window[0] - dt.timedelta(hours=1), 1)]]], received_us=now_us)
        assert self.look(ground) == []  # as far as anybody knows it is there

        left = {**self.at(window[0] - dt.timedelta(minutes=30), 2), **OUTSIDE}
        made = ground.worker.prepare([topic], [json.dumps([left]).encode()], now_us)
        ground.worker.commit(made)

        assert [row[0] for row in self.look(ground)] == [device]
        assert [topic for topic, _ in ground.worker.take_messages() if topic.endswith("Absent")] == []  # it is old

    @pytest.mark.usefixtures("fence")
    def test_who_is_assigned_later_was_not_missing_before(self, ground: Ground, database: Database) -> None:
        (first, _), (later, _) = self.new_device(ground), self.new_device(ground)
        names = dict(ground.select("SELECT id, name FROM device"))
        [(fence_id,)] = ground.select("SELECT id FROM geofence")
        for whom, is_restart in (((names[first],), False), ((names[first], names[later]), True)):
            with engine.connect(database.owner_dsn) as connection:
                geofences.assign(connection, fence_id, geofences.Whom(devices=whom), tenant_id=ground.tenant_id)
                connection.commit()
            if is_restart:
                ground.worker.close()
                ground.worker = worker.Worker(database.backend_dsn)
                ground.worker.connect()

            assert [row[0] for row in self.look(ground)] == [first]

    def test_hours_before_the_rule_was_made_do_not_count(
        self, ground: Ground, database: Database, fence: fences.Geofence
    ) -> None:
        self.new_device(ground)
        with engine.connect(database.owner_dsn) as connection:
            geofences.save(connection, fence)
            connection.commit()

        assert self.look(ground) == []

    @pytest.mark.usefixtures("fence")
    def test_nobody_is_missing_where_a_fence_was_removed(self, ground: Ground) -> None:
        self.new_device(ground)
        ground.connection.execute("UPDATE geofence SET rules = jsonb_set(rules, '{absence_grace_s}', '7200')")
        assert self.look(ground) == []
        ground.connection.execute("UPDATE geofence SET active = false")
        ground.connection.execute("UPDATE geofence_absence SET due_at = now()")

        assert self.look(ground) == []

    @pytest.mark.usefixtures("fence")
    def test_hours_before_the_grace_is_over_are_left_alone(self, ground: Ground) -> None:
        self.new_device(ground)
        ground.connection.execute("UPDATE geofence SET rules = jsonb_set(rules, '{absence_grace_s}', '7200')")

        assert self.look(ground) == []
        assert ground.select("SELECT settled_at FROM geofence_absence") == [(None,)]


@pytest.mark.parametrize(
    ("seed", "tells_speed", "hdop"),
    [(0, True, None), (1, True, None), (2, True, 0.8), (0, False, None), (1, False, 0.8)],
)
@pytest.mark.timeout(120)
def test_parked_ten_metres_inside_the_edge_for_eight_hours_is_one_visit(
    ground: Ground, database: Database, *, seed: int, tells_speed: bool, hdop: float | None
) -> None:
    """Noise of 15 m in each direction, of which the receiver knows nothing, a fix every 10 s; docs/geofences.md has Traccar's count."""
    metre = 1 / 111_412
    edge_lat = 60.0
    yard = fence_shapes.polygon(((24.0, edge_lat), (24.01, edge_lat), (24.01, 60.005), (24.0, 60.005)))
    save(ground, database, draw_fence(ground, yard))
    device, topic = ground.new_device()
    noise = random.Random(seed)

    def parked(number: int) -> dict[str, Any]:
        lat = edge_lat + (10 + noise.gauss(0, 15)) * metre
        said = ({"spd": abs(noise.gauss(0, 0.2))} if tells_speed else {}) | ({} if hdop is None else {"hdop": hdop})
        return fix(number, 60 + number * 10, lat, 24.005 + noise.gauss(0, 15) * 2 * metre, **said)

    fixes = [parked(number) for number in range(8 * 360)]
    far = {"lat": edge_lat - 0.01, "lon": 24.005} | ({"spd": 10.0} if tells_speed else {})
    batches = [[fixes[at : at + 60]] for at in range(0, len(fixes), 60)]
    ground.send(topic, [[[fix(9_000, 0, **far)]], *batches, [[fix(9_001, 60 + 8 * 3600 + 120, **far)]]])

    assert len(visits(ground, device)) == 1
    inside = [item["lat"] >= edge_lat for item in fixes]
    assert sum(before != now for before, now in itertools.pairwise([False, *inside, False])) > 1_000

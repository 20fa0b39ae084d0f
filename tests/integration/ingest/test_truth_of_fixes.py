"""What is wrong with fixes is told, left out of what is derived, and the same in whatever order they come."""

import datetime as dt
import itertools
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db import array_params, engine, quality_rules, replay_store
from domain import fix_quality
from ingest import late_fixes
from tests.fixtures.database import Database
from tests.integration.ingest.ground import RECEIVED_US, START, Ground, fix

FixFlag = fix_quality.FixFlag
Item = dict[str, Any]
METRES_PER_DEG = 111_412.0


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database, FENCES)
    yield made
    made.close()


FENCES = (shapely.box(24.0, 60.0, 24.004, 60.004), shapely.box(24.0015, 60.003, 24.01, 60.02))


@st.composite
def days(draw: st.DrawFn) -> list[Item]:
    """Drives, stands with noise, jumps, silences and all that can be wrong with a fix, by one device, in order."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    made: list[Item] = []
    second, lat, odometer, tells_odometer = 0.0, 60.002, 5000.0, draw(st.booleans())
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["drive", "stand", "jump", "bad", "silence"]))
        tells_speed, step_s = draw(st.booleans()), draw(st.sampled_from([1.0, 40.0, 299.0]))
        speed = {"drive": 12.0, "jump": 5.0}.get(kind, 0.0)
        for _ in range(draw(st.integers(1, {"silence": 1, "bad": 3}.get(kind, 8)))):
            second += 7200.0 if kind == "silence" else step_s
            lat += speed * step_s / METRES_PER_DEG
            odometer += speed * step_s
            more: Item = {"spd": abs(chance.gauss(speed, 0.3))} if tells_speed else {}
            if tells_odometer:
                more["odo"] = odometer
            here = lat + chance.gauss(0, 0.0001) + (5.0 if kind == "jump" else 0.0)
            item = fix(len(made), second, here, 24.002 + chance.gauss(0, 0.0001), **more)
            if kind == "bad":
                item |= draw(st.sampled_from([{"hdop": 50.0}, {"acc": 1e4}, {"lat": 0.0, "lon": 0.0}, {"t": _EARLY}]))
            made.append(item)
    return made


_EARLY = "2006-07-30T12:00:00.000Z"  # 1024 weeks too early


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Item], list[list[list[Item]]]]:
    """A day, and batches of messages that bring each of its fixes at least once."""
    day = draw(days())
    sent = draw(st.permutations(day + draw(st.lists(st.sampled_from(day), max_size=6))))
    if draw(st.booleans()):
        # A backlog: in order but for a few.
        sent = day + draw(st.lists(st.sampled_from(day), max_size=3))
        hole = draw(st.integers(0, len(day) - 1))
        sent = sent[hole:] + sent[:hole]
    cuts = draw(st.lists(st.integers(0, len(sent)), max_size=6))
    edges = sorted({0, len(sent), *cuts})
    return day, [[sent[low:high]] for low, high in itertools.pairwise(edges)]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals(), st.booleans(), st.sampled_from([3, 100_000]))
@example(([fix(0, 0), fix(1, 5000)], [[[fix(1, 5000)]], [[fix(0, 0)]]]), False, 100_000)
@pytest.mark.timeout(300)
def test_rows_are_those_of_ordered_arrival(
    ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    arrival: tuple[list[Item], list[list[list[Item]]]],
    forgets: bool,  # noqa: FBT001 - a drawn value
    most_rows: int,
) -> None:
    monkeypatch.setattr(late_fixes, "MOST_ROWS", most_rows)
    day, batches = arrival
    ordered, ordered_topic = ground.new_device()
    other, other_topic = ground.new_device()

    in_order = sorted(day, key=lambda item: item["t"])
    ground.send(ordered_topic, [[[item]] for item in in_order])
    ground.send(other_topic, batches, forgets=forgets)

    assert ground.rows(other) == ground.rows(ordered)


def hours_of(ground: Ground, device: int) -> tuple[int, float, float]:
    """Fixes, metres and moving seconds of a device."""
    return ground.select(
        "SELECT sum(fixes), sum(distance_m), sum(moving_s) FROM activity_hourly WHERE device_id = %s", device
    )[0]


def qualities(ground: Ground, device: int) -> list[FixFlag]:
    return [
        FixFlag(quality)
        for (quality,) in ground.select("SELECT quality FROM fix WHERE device_id = %s ORDER BY time", device)
    ]


@pytest.mark.parametrize("speed", [None, 0.0])
def test_a_night_of_noise_in_a_car_park_is_no_mileage(ground: Ground, speed: float | None) -> None:
    device, topic = ground.new_device()
    chance = random.Random(11)
    night = []
    for second in range(8 * 3600):
        told = {} if speed is None else {"spd": abs(chance.gauss(speed, 0.3))}
        lat, lon = 60.002 + chance.gauss(0, 15) / METRES_PER_DEG, 24.002 + chance.gauss(0, 15) / 55_800
        night.append(fix(second, second, lat, lon, **told))

    ground.send(topic, [[night[at : at + 500]] for at in range(0, len(night), 500)])

    fixes, metres, moving_s = hours_of(ground, device)
    assert (fixes, float(moving_s) < 120) == (8 * 3600, True)
    assert metres < 150


def test_flagged_fixes_are_kept_and_left_out(ground: Ground) -> None:
    device, topic = ground.new_device()
    good = [fix(n, n, 60.0 + n * 0.0001, spd=11.0) for n in range(3)]
    bad = [
        fix(3, 3, 60.5, spd=11.0),
        fix(4, 4, 60.0004, hdop=30.0),
        fix(5, 5, 0.001, 0.001),
        fix(6, 0) | {"t": _EARLY},
    ]

    ground.send(topic, [[good], [bad]])

    assert qualities(ground, device) == [
        FixFlag.IMPOSSIBLE_DATE,
        *[FixFlag(0)] * 3,
        *(FixFlag.JUMP, FixFlag.INACCURATE, FixFlag.ZERO_ISLAND),
    ]
    assert ground.select("SELECT seq FROM device_latest WHERE device_id = %s", device) == [(2,)]
    fixes, metres, _ = hours_of(ground, device)
    assert fixes == 3
    assert metres == pytest.approx(22.3, abs=0.1)


class TestTheFuture:
    NOW_US = int(START.timestamp()) * 1_000_000 + 10_000_000

    def test_a_fix_from_there_holds_nothing_up(self, ground: Ground) -> None:
        device, topic = ground.new_device()

        ground.send(
            topic, [[[fix(0, 86_400.0)]], [[fix(1, 5, spd=9.0)]], [[fix(2, 6, spd=9.0)]]], received_us=self.NOW_US
        )

        assert ground.select("SELECT seq, late FROM fix WHERE device_id = %s ORDER BY seq", device) == [
            *((0, False), (1, False), (2, False)),
        ]
        assert ground.select("SELECT seq FROM device_latest WHERE device_id = %s", device) == [(2,)]
        assert hours_of(ground, device)[0] == 2
        assert qualities(ground, device)[-1] == FixFlag.FUTURE

    @pytest.mark.parametrize("forgets", [False, True])
    def test_it_stays_from_there_when_its_time_has_come(self, ground: Ground, forgets: bool) -> None:  # noqa: FBT001
        device, topic = ground.new_device()
        early = fix(0, 900.0)

        ground.send(topic, [[[early]]], received_us=self.NOW_US)
        ground.send(topic, [[[fix(1, 880, spd=9.0)]]], received_us=self.NOW_US + 880_000_000, forgets=forgets)
        ground.send(topic, [[[early, fix(2, 910, spd=9.0)]]], received_us=self.NOW_US + 900_000_000, forgets=forgets)

        assert qualities(ground, device) == [FixFlag(0), FixFlag.FUTURE, FixFlag(0)]
        assert ground.select("SELECT seq FROM device_latest WHERE device_id = %s", device) == [(2,)]
        assert hours_of(ground, device)[0] == 2

    def test_what_is_over_a_day_ahead_makes_no_chunk_and_is_kept_among_the_rejects(self, ground: Ground) -> None:
        device, topic = ground.new_device()
        ahead = [fix(n, 86_411.0 * n) for n in range(1, 60)]
        chunks = ground.select("SELECT show_chunks('fix')::text")

        ground.send(topic, [[[*ahead[:30], fix(0, 3), *ahead[30:]], [fix(60, 4)]]], received_us=self.NOW_US)
        ground.send(topic, [[[fix(61, 5)]]], received_us=self.NOW_US)

        assert ground.select("SELECT seq FROM fix WHERE device_id = %s ORDER BY seq", device) == [(0,), (60,), (61,)]
        assert len(ground.select("SELECT show_chunks('fix')::text")) == len(chunks) + 1
        [(kept, reason, kind)] = ground.select("SELECT payload, reason, kind FROM reject")
        assert json.loads(kept) == ahead
        assert (reason, kind) == ("59 fixes are over a day ahead of their receipt", "unreadable")

    def test_odd_elements_beside_it_do_no_harm(self, ground: Ground) -> None:
        device, topic = ground.new_device()
        odd: list[Any] = [fix(1, 0) | {"seq": [1]}, {"seq": 2, "lat": math.nan}, 7, fix(0, 3) | {"more": "\ud800"}]

        ground.send(topic, [[[*odd, fix(2, 90_000.0)]]], received_us=self.NOW_US)

        assert ground.select("SELECT seq FROM fix WHERE device_id = %s ORDER BY seq", device) == [(0,)]
        kept = [json.loads(payload) for (payload,) in ground.select("SELECT payload FROM reject ORDER BY id")]
        assert [len(elements) for elements in kept] == [5, 2]

    def test_five_minutes_are_forgiven(self, ground: Ground) -> None:
        device, topic = ground.new_device()

        ground.send(topic, [[[fix(0, 300.0)]]], received_us=self.NOW_US)

        assert qualities(ground, device) == [FixFlag(0)]


class TestCorrections:
    def test_they_are_marked_and_nothing_else_is(self, ground: Ground) -> None:
        device, topic = ground.new_device()
        day = [fix(n, n * 60, 60.0 + n * 0.001, spd=3.0) for n in range(240)]
        ground.send(topic, [[day[:20] + day[21:]]])
        assert ground.select("SELECT 1 FROM fix WHERE device_id = %s AND corrected_at IS NOT NULL", device) == []

        ground.send(topic, [[[day[20]]]])

        corrected = ground.select("SELECT seq FROM fix WHERE device_id = %s AND corrected_at IS NOT NULL", device)
        assert corrected == [(21,)]
        hours = ground.select(
            "SELECT extract(hour FROM hour AT TIME ZONE 'UTC')::int, corrected_at IS NOT NULL FROM activity_hourly"
            " WHERE device_id = %s ORDER BY hour",
            device,
        )
        assert hours == [(10, False), (11, True), (12, False), (13, False), (14, False)]

    def test_the_backlog_of_three_days_comes_to_what_live_fixes_would_have(self, ground: Ground) -> None:
        live, live_topic = ground.new_device()
        away, away_topic = ground.new_device()
        days = [fix(n, n * 60, 60.0 + (n % 500) * 0.001, spd=3.0 if n % 500 < 300 else 0.0) for n in range(3 * 24 * 60)]
        now = [fix(10_000 + n, 3 * 86_400 + n * 10, 60.2, spd=3.0) for n in range(10)]
        ground.send(live_topic, [[days[at : at + 500]] for at in range(0, len(days), 500)])
        ground.send(live_topic, [[now]])

        ground.send(away_topic, [[days[:10]], [now], *([days[at : at + 500]] for at in range(10, len(days), 500))])

        assert ground.rows(away) == ground.rows(live)
        assert len(ground.rows(away)["fix"]) == len(days) + len(now)


# Of each chunk the table and its index.
CHUNK_LOCKS = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_backend_pid() AND n.nspname = '_timescaledb_internal' AND c.relname !~ '^bgw'"""


def test_a_late_fix_locks_the_chunks_that_it_touches_and_no_others(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, topic = ground.new_device()
    ground.send(topic, [[[fix(day, day * 86_400, 60.0 + day * 0.001, spd=9.0) for day in range(200)]]])
    locked: list[int] = []
    derive = late_fixes.derive

    def derive_and_count(written: Any, **more: Any) -> Any:
        changed = derive(written, **more)
        locked.append(more["connection"].execute(CHUNK_LOCKS).fetchone()[0])
        return changed

    monkeypatch.setattr(late_fixes, "derive", derive_and_count)
    ground.send(topic, [[[fix(1000, 86_400 * 100 + 60, 60.2, spd=9.0)]]])

    assert 0 < locked[0] <= 10  # there are 200 chunks


def test_asking_for_fixes_that_were_the_future_locks_their_chunk_alone(ground: Ground) -> None:
    device, topic = ground.new_device()
    ground.send(topic, [[[fix(day, day * 86_400, 60.0 + day * 0.001, spd=9.0) for day in range(50)]]])
    times_us = np.array([START.timestamp() * 1e6 + second * 1e6 for second in (10 * 86_400, 10 * 86_400 + 1)], np.int64)

    array_params.register(ground.connection)
    with ground.connection.transaction():
        found = replay_store.stored_fixes(ground.connection, np.array([device, device], np.int32), times_us)
        [(locks,)] = ground.select(CHUNK_LOCKS)

    assert (found, locks) == ([0], 2)


class TestReceipts:
    def counts(self, ground: Ground, device: int) -> list[tuple[int, ...]]:
        return ground.select(
            "SELECT duplicates, out_of_order, late, future FROM receipt_daily WHERE device_id = %s", device
        )

    def test_what_is_odd_is_counted(self, ground: Ground) -> None:
        device, topic = ground.new_device()
        ground.send(topic, [[[fix(0, 0), fix(2, 20), fix(1, 10), fix(2, 20)]]])
        assert self.counts(ground, device) == [(1, 1, 0, 0)]

        ground.send(topic, [[[fix(3, 15), fix(0, 0)]]])

        assert self.counts(ground, device) == [(2, 2, 1, 0)]
        assert ground.select("SELECT seq, late, out_of_order FROM fix WHERE device_id = %s ORDER BY time", device) == [
            *((0, False, False), (1, False, True), (3, True, True), (2, False, False)),
        ]

    def test_what_is_not_is_not(self, ground: Ground) -> None:
        device, topic = ground.new_device()

        ground.send(topic, [[[fix(0, 0)], [fix(1, 10)]], [[fix(2, 20)]]])

        assert self.counts(ground, device) == []


def test_a_tenants_thresholds_count_and_are_heard_of(ground: Ground, database: Database) -> None:
    device, topic = ground.new_device()
    ground.send(topic, [[[fix(0, 0, hdop=5.0)]]])
    with engine.connect(database.owner_dsn) as connection:
        quality_rules.change(connection, ground.tenant_id, "tracker", {"max_hdop": 4.0, "floor": START})
        connection.commit()
    ground.worker.see_leases()
    ground.worker.see_leases()

    ground.send(topic, [[[fix(1, 10, hdop=5.0), fix(2, -10, hdop=1.0)]]])

    assert qualities(ground, device) == [FixFlag.IMPOSSIBLE_DATE, FixFlag(0), FixFlag.INACCURATE]


def test_the_odometer_wins(ground: Ground) -> None:
    device, topic = ground.new_device()

    ground.send(topic, [[[fix(0, 0, spd=9.0, odo=1000.0), fix(1, 10, 60.003, spd=9.0, odo=1234.5)]]])

    assert hours_of(ground, device)[1] == 234.5
    assert ground.select("SELECT odometer_m FROM device_latest WHERE device_id = %s", device) == [(1234.5,)]


def test_received_times_of_the_tests_are_later_than_their_fixes() -> None:
    assert START + dt.timedelta(days=30) < dt.datetime.fromtimestamp(RECEIVED_US / 1e6, dt.UTC)

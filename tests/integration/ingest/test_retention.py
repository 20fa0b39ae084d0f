"""Fixes that are dropped for their age take nothing with them that was derived from them, however late others come."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import shapely

from tests.fixtures.database import Database
from tests.integration.ingest.ground import START, Ground, fix

DAY_S = 86_400.0
BEFORE = START + dt.timedelta(days=31)
CHECKPOINTS = "SELECT hour FROM track_checkpoint WHERE device_id = %s ORDER BY hour"
FENCE = shapely.box(24.0, 60.0, 24.004, 60.004)
DERIVED = ("activity_hourly", "geofence_event", "visit")


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database, [FENCE])
    yield made
    made.close()


RETENTION_JOB = """
INSERT INTO _timescaledb_config.bgw_job (application_name, schedule_interval, max_runtime, max_retries, retry_period,
    proc_schema, proc_name, owner, scheduled, fixed_schedule, hypertable_id, config)
SELECT 'Retention', '1 day', '0', -1, '1 day', '_timescaledb_functions', 'policy_retention', 'driveops_owner', false, false,
    id, jsonb_build_object('drop_after', %(drop_after)s::interval, 'hypertable_id', id)
FROM _timescaledb_catalog.hypertable WHERE table_name = 'fix'"""


def drop_old_fixes(ground: Ground, before: dt.datetime) -> None:
    """Do what the jobs of the Community edition do; this one has drop_chunks, but no jobs of its own."""
    given = {"drop_after": dt.datetime.now(dt.UTC) - before, "before": before}
    ground.connection.execute(RETENTION_JOB, given)
    ground.connection.execute("SELECT drop_chunks('fix', older_than => %(before)s)", given)
    ground.connection.execute(
        "CALL app.forget_checkpoints(0, jsonb_build_object('drop_after', %(drop_after)s::interval))", given
    )


def days(*numbers: int) -> list[list[list[dict[str, Any]]]]:
    """A round of ten minutes through the fence on each of these days, a batch each."""
    return [
        [[fix(day * 1000 + n, day * DAY_S + n * 10, 59.99 + n * 0.0004, spd=4.5) for n in range(60)]] for day in numbers
    ]


def derived(ground: Ground, device: int) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows for name, rows in ground.rows(device).items() if name in DERIVED}


def test_what_followed_from_dropped_fixes_stays_when_older_ones_come(ground: Ground) -> None:
    device, topic = ground.new_device()
    ground.send(topic, days(0, 1, 60, 61))
    before = derived(ground, device)
    assert (len(before["activity_hourly"]), len(before["visit"])) == (4, 4)
    drop_old_fixes(ground, BEFORE)

    ground.send(topic, [[[fix(9000, 1.1 * DAY_S, 60.002), fix(9001, -DAY_S)]]])

    assert derived(ground, device) == before


def test_checkpoints_go_with_the_fixes_but_for_the_last(ground: Ground) -> None:
    device, topic = ground.new_device()
    ground.send(topic, days(0, 1, 2, 60, 61))

    drop_old_fixes(ground, BEFORE)

    assert [hour.date() - START.date() for (hour,) in ground.select(CHECKPOINTS, device)] == [
        dt.timedelta(days=number) for number in (2, 60, 61)
    ]


def test_late_fixes_among_those_that_are_kept_are_derived_as_ever(ground: Ground) -> None:
    live, live_topic = ground.new_device()
    away, away_topic = ground.new_device()
    ground.send(live_topic, days(0, 1, 60, 61, 62))
    ground.send(away_topic, days(0, 1, 62))
    drop_old_fixes(ground, BEFORE)

    ground.send(away_topic, days(61, 60))

    assert ground.rows(away) == ground.rows(live)
    assert len(ground.rows(away)["visit"]) == 5

"""A city's whole bus fleet for a day, through MQTT, three times: sorted, in its own disorder and shuffled. The same rows each time."""

import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import pytest
import shapely

from domain import fix_quality
from domain.wire import fixes
from stack import broker_config
from tests import capmetro, device_sender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestFactory

ROWS, DIFFERENT = 12_354, 12_348  # six positions are there twice


def register(connection: psycopg.Connection[Any], tenant: str, devices: Iterable[str]) -> None:
    tenant_id = uuid.uuid4()
    connection.execute("INSERT INTO tenant (id, slug, name) VALUES (%s, %s, %s)", [tenant_id, tenant, tenant])
    connection.cursor().executemany(
        "INSERT INTO geofence (tenant_id, id, name, geom, rules) VALUES (%s, %s, %s, ST_GeomFromWKB(%s, 4326), %s)",
        [
            (tenant_id, uuid.uuid4(), f"fence {number}", fence.wkb, RULES if number % 2 else "{}")
            for number, fence in enumerate(FENCES)
        ],
    )
    connection.cursor().executemany(
        "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), %s)",
        [(tenant_id, device) for device in devices],
    )


# Downtown, the campus, and a grid over the city, so that buses enter and leave all day.
FENCES = (
    shapely.box(-97.75, 30.26, -97.735, 30.275),
    shapely.Point(-97.735, 30.285).buffer(0.006),
    *(
        shapely.box(-97.9 + x * 0.05, 30.15 + y * 0.05, -97.87 + x * 0.05, 30.18 + y * 0.05)
        for x in range(7)
        for y in range(7)
    ),
)
RULES = '{"dwell_s": 300, "confirmations": 2, "speed_limit_mps": 12, "speed_least_s": 30}'


def send(
    broker: RunningBroker, tenant: str, messages: Iterable[tuple[str, Sequence[fixes.Numbered]]]
) -> device_sender.DeviceSender:
    sender = device_sender.DeviceSender(broker.url(broker_config.FLEET), tenant=tenant, client_id=tenant)
    for device, items in messages:
        sender.send(device, items)
    sender.wait_until_acknowledged()
    sender.close()
    return sender


def select(connection: psycopg.Connection[Any], tenant: str, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"WITH d AS (SELECT d.id, d.name FROM device d JOIN tenant t ON t.id = d.tenant_id WHERE t.slug = %s) {query}",
        [tenant],
    ).fetchall()


FIX_ROWS = """SELECT d.name, time, lat, lon, seq, speed_mps, distance_m, moving, fix_mode, hdop, quality
FROM fix JOIN d ON d.id = device_id ORDER BY d.name, time"""
LATEST_ROWS = (
    "SELECT d.name, time, lat, lon, seq, speed_mps, moving FROM device_latest JOIN d ON d.id = device_id ORDER BY 1"
)
# The fences' part names fences by ids of their tenant.
CHECKPOINT_ROWS = "SELECT d.name, hour, state - 'fences' FROM track_checkpoint JOIN d ON d.id = device_id ORDER BY 1, 2"
STATE_ROWS = """SELECT d.name, newest, state FROM track_state JOIN d ON d.id = device_id
WHERE newest IS NOT NULL OR state <> '{}' ORDER BY 1"""
EVENT_ROWS = """SELECT d.name, g.name, time, e.kind, lat, lon, reason, decided_at, speed_mps
FROM geofence_event e JOIN d ON d.id = device_id JOIN geofence g ON g.id = e.geofence_id ORDER BY 1, 2, 3, 4"""
VISIT_ROWS = """SELECT d.name, g.name, entered_at, dwelled_at, exited_at, enter_reason, exit_reason
FROM visit v JOIN d ON d.id = device_id JOIN geofence g ON g.id = v.geofence_id ORDER BY 1, 2, 3"""
PRESENCE_ROWS = """SELECT d.name, g.name, phase, entered_at
FROM geofence_presence p JOIN d ON d.id = device_id JOIN geofence g ON g.id = p.geofence_id ORDER BY 1, 2"""
HOUR_ROWS = """SELECT d.name, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps
FROM activity_hourly JOIN d ON d.id = device_id ORDER BY 1, 2"""


@pytest.mark.timeout(180)
def test_three_orders_of_arrival_give_the_same_rows(
    database: Database, broker: RunningBroker, make_ingest: IngestFactory
) -> None:
    rows = capmetro.load()
    assert len(rows) == ROWS
    shuffled = rows * 2
    random.Random(7).shuffle(shuffled)
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        for tenant in ("sorted", "file-order", "shuffled"):
            register(connection, tenant, {device for device, _ in rows})
        process = make_ingest()  # after the fences: nobody is inside of one by an edit
        process.start()
        process.wait_until_at_work()

        send(broker, "sorted", capmetro.messages(sorted(rows, key=lambda row: row[1].fix.time), 1))
        send(broker, "file-order", capmetro.messages(rows, 1))
        send(broker, "shuffled", capmetro.messages(shuffled, 20))

        for query, least in (
            (FIX_ROWS, DIFFERENT),
            (LATEST_ROWS, 140),
            (HOUR_ROWS, 140),
            (EVENT_ROWS, 1_000),
            (VISIT_ROWS, 500),
            (PRESENCE_ROWS, 20),
            (CHECKPOINT_ROWS, 140),
            (STATE_ROWS, 1),
        ):
            first, *others = (select(connection, tenant, query) for tenant in ("sorted", "file-order", "shuffled"))
            for other in others:
                assert other == first
            assert len(first) >= least, query
        assert len(select(connection, "file-order", FIX_ROWS)) == DIFFERENT
        good = f"FROM fix JOIN d ON d.id = device_id WHERE quality & {int(fix_quality.BAD)} = 0"
        newest = select(connection, "file-order", f"SELECT d.name, max(time) {good} GROUP BY 1")
        latest = select(connection, "file-order", LATEST_ROWS)
        assert {row[0]: row[1] for row in latest} == dict(newest)
        counted = select(connection, "file-order", "SELECT sum(fixes) FROM activity_hourly JOIN d ON d.id = device_id")
        assert counted == select(connection, "file-order", f"SELECT count(*) {good}")
        assert counted[0][0] > DIFFERENT - 10

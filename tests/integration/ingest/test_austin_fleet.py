"""A city's whole bus fleet for a day, through MQTT, twice, in two orders: the same rows both times."""

import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import pytest

from domain import fix_quality
from domain.wire import fixes
from stack import broker_config
from tests import capmetro, device_sender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestProcess

ROWS, DIFFERENT = 12_354, 12_348  # six positions are there twice


def register(connection: psycopg.Connection[Any], tenant: str, devices: Iterable[str]) -> None:
    tenant_id = uuid.uuid4()
    connection.execute("INSERT INTO tenant (id, slug, name) VALUES (%s, %s, %s)", [tenant_id, tenant, tenant])
    connection.cursor().executemany(
        "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), %s)",
        [(tenant_id, device) for device in devices],
    )


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
CHECKPOINT_ROWS = "SELECT d.name, hour, state FROM track_checkpoint JOIN d ON d.id = device_id ORDER BY 1, 2"
STATE_ROWS = """SELECT d.name, newest, state FROM track_state JOIN d ON d.id = device_id
WHERE newest IS NOT NULL OR state <> '{}' ORDER BY 1"""
HOUR_ROWS = """SELECT d.name, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps
FROM activity_hourly JOIN d ON d.id = device_id ORDER BY 1, 2"""


@pytest.mark.timeout(180)
def test_two_orders_of_arrival_give_the_same_rows(
    database: Database, broker: RunningBroker, ingest: IngestProcess
) -> None:
    rows = capmetro.load()
    assert len(rows) == ROWS
    shuffled = rows * 2
    random.Random(7).shuffle(shuffled)
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        for tenant in ("file-order", "shuffled"):
            register(connection, tenant, {device for device, _ in rows})

        send(broker, "file-order", capmetro.messages(rows, 1))
        send(broker, "shuffled", capmetro.messages(shuffled, 20))

        for query, least in (
            (FIX_ROWS, DIFFERENT),
            (LATEST_ROWS, 140),
            (HOUR_ROWS, 140),
            (CHECKPOINT_ROWS, 140),
            (STATE_ROWS, 1),
        ):
            first, second = (select(connection, tenant, query) for tenant in ("file-order", "shuffled"))
            assert first == second
            assert len(first) >= least
        assert len(select(connection, "file-order", FIX_ROWS)) == DIFFERENT
        good = f"FROM fix JOIN d ON d.id = device_id WHERE quality & {int(fix_quality.BAD)} = 0"
        newest = select(connection, "file-order", f"SELECT d.name, max(time) {good} GROUP BY 1")
        latest = select(connection, "file-order", LATEST_ROWS)
        assert {row[0]: row[1] for row in latest} == dict(newest)
        counted = select(connection, "file-order", "SELECT sum(fixes) FROM activity_hourly JOIN d ON d.id = device_id")
        assert counted == select(connection, "file-order", f"SELECT count(*) {good}")
        assert counted[0][0] > DIFFERENT - 10

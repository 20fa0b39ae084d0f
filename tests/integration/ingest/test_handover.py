"""Fences that look at a person follow the devices that this person has (R62), also those handed over at a time said before."""

import datetime as dt
import time
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from db import assignments, engine, geofences, tables
from domain import assignments as rules
from domain import fence_shapes, fences, geo
from tests.fixtures.database import Database
from tests.integration.ingest.ground import Ground, fix

PLACE = {"lat": 60.002, "lon": 24.002}


@pytest.fixture
def ground(database: Database) -> Iterator[Ground]:
    made = Ground(database)
    yield made
    made.close()


@pytest.mark.parametrize("ahead_s", [-3600, 2])
def test_a_fence_looks_at_the_device_that_its_person_gets(ground: Ground, database: Database, ahead_s: int) -> None:
    device, topic = ground.new_device()
    person_id = uuid.uuid4()
    person = {"tenant_id": ground.tenant_id, "id": person_id, "first_name": "A", "last_name": "V", "kind": "courier"}
    yard = fence_shapes.Circle(centre=geo.Position(60.002, 24.002), radius_m=200.0)
    fence = fences.Geofence(id=uuid.uuid4(), tenant_id=ground.tenant_id, name="Yard", shape=yard)
    with engine.connect(database.owner_dsn) as connection:
        connection.execute(sa.insert(tables.person).values(person))
        geofences.save(connection, fence)
        geofences.assign(connection, fence.id, geofences.Whom(people=(person_id,)), tenant_id=fence.tenant_id)
        connection.commit()
    ground.worker.see_leases()
    ground.send(topic, [[[fix(0, 0, **PLACE)]], [[fix(1, 60, **PLACE)]]])
    assert ground.select("SELECT * FROM geofence_event") == []

    with engine.connect(database.owner_dsn) as connection:
        assignments.assign(
            connection,
            ground.tenant_id,
            assignments.Thing(kind=rules.Thing.DEVICE, key=device),
            assignments.Holder(kind=rules.Holder.PERSON, id=person_id),
            since=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead_s),
            by="root",
        )
        connection.commit()

    deadline = time.monotonic() + 20
    while not (told := ground.select("SELECT kind, device_id FROM geofence_event")):
        assert time.monotonic() < deadline
        ground.worker.see_leases()
        time.sleep(0.1)
    assert told == [("entered", device)]

"""Duty-only storage (R59): what people send off duty is acknowledged and nowhere; presses always are."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from db import assignments, duty, engine, tables
from domain import assignments as rules
from domain.wire import control, topics
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_lanes import Wire, fix, fixes_of, press, topic_of, wait_for

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ACK = topic_of(topics.Lane.ACK)


@pytest.fixture
def wire(broker: RunningBroker) -> Iterator[Wire]:
    made = Wire(broker)
    yield made
    made.close()


@pytest.fixture
def aino(acme: Acme) -> uuid.UUID:
    """She carries van-000 and its fob, and is on duty from noon to a minute past."""
    made = uuid.uuid4()
    person = {"tenant_id": acme.tenant_id, "id": made, "first_name": "Aino", "last_name": "V", "kind": "courier"}
    with engine.connect(acme.database.owner_dsn) as connection:
        connection.execute(sa.insert(tables.person).values(person))
        connection.execute(sa.insert(tables.fob).values(tenant_id=acme.tenant_id, code="FOB-1"))
        [(device_id,)] = acme.select("SELECT id FROM device WHERE name = 'van-000'")
        for kind, key in ((rules.Thing.DEVICE, device_id), (rules.Thing.FOB, "FOB-1")):
            assignments.assign(
                connection,
                acme.tenant_id,
                assignments.Thing(kind=kind, key=key),
                assignments.Holder(kind=rules.Holder.PERSON, id=made),
                since=NOON - 60 * MINUTE,
                by="root",
            )
        duty.begin(connection, acme.tenant_id, made, at=NOON, by="root")
        duty.end(connection, acme.tenant_id, made, at=NOON + MINUTE, by="root")
        connection.commit()
    return made


def switch(acme: Acme, *, only: bool) -> None:
    with engine.connect(acme.database.owner_dsn) as connection:
        duty.keep_only_on_duty(connection, acme.tenant_id, only=only)
        connection.commit()


def start(make_ingest: IngestFactory) -> IngestProcess:
    process = make_ingest(INGEST_ACK_INTERVAL_S="0.1")
    process.start()
    process.wait_until_at_work()
    return process


def acknowledged(wire: Wire) -> tuple[tuple[int, int], ...]:
    ack = control.decode_ack(wire.wait_for(ACK))
    assert isinstance(ack, control.LaneAck)
    assert ack.ranges is not None
    return ack.ranges


@pytest.mark.usefixtures("aino")
def test_what_is_sent_off_duty_is_acknowledged_and_nowhere_in_the_database(
    acme: Acme, wire: Wire, make_ingest: IngestFactory
) -> None:
    switch(acme, only=True)
    process = start(make_ingest)

    # The last minute of the night, two of the duty, the moment it is over, and a date that can't be true: judged by receipt.
    sent = [fix(1, -60), fix(2, 0), fix(3, 59), fix(4, 60), {**fix(5), "t": "1980-01-06T00:00:00.000Z"}]
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(*sent))

    assert acknowledged(wire) == ((1, 5),)
    assert acme.stored() == [("van-000", 2), ("van-000", 3)]
    assert acme.select("SELECT time FROM device_latest") == [(NOON + 59 * dt.timedelta(seconds=1),)]
    process.wait_until(lambda vitals: (vitals["fixes"], vitals["off_duty"]) == (2, 3))


@pytest.mark.usefixtures("aino")
def test_late_fixes_are_judged_by_the_duty_of_their_time(acme: Acme, wire: Wire, make_ingest: IngestFactory) -> None:
    switch(acme, only=True)
    start(make_ingest)
    for number, second in ((1, 50), (2, 10), (3, -10)):
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(number, second)))
        assert acknowledged(wire) == ((number, number),)

    assert acme.stored() == [("van-000", 1), ("van-000", 2)]


@pytest.mark.usefixtures("aino")
def test_devices_that_nobody_has_and_tenants_without_the_switch_keep_all(
    acme: Acme, wire: Wire, make_ingest: IngestFactory
) -> None:
    start(make_ingest)
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1, -60)))
    acknowledged(wire)
    switch(acme, only=True)
    other = topic_of(topics.Lane.FIXES, device="van-001")
    for number in range(1, 100):
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(number + 1, -60 - number)))
        acknowledged(wire)
        if len(acme.stored()) <= number:
            break
    else:
        pytest.fail("ingest never heard of the switch")
    wire.send(other, fixes_of(fix(1, -60)))
    wait_for(lambda: acme.select("SELECT 1 FROM fix f JOIN device d ON d.id = f.device_id WHERE d.name = 'van-001'"))

    assert ("van-000", 1) in acme.stored()


def test_a_press_off_duty_is_stored_with_its_place(
    acme: Acme, wire: Wire, make_ingest: IngestFactory, aino: uuid.UUID
) -> None:
    switch(acme, only=True)
    start(make_ingest)
    place = {"t": "2026-03-01T11:59:00.000Z", "lat": 60.17, "lon": 24.94, "fix": 3}
    payload = press(fob="FOB-1", t="2026-03-01T11:59:00.000Z", fix=place)
    wire.send(topic_of(topics.Lane.PANIC), payload)

    [(lat, person)] = wait_for(
        lambda: acme.select("SELECT fix_lat, a.person_id FROM press p JOIN alert a ON a.id = p.alert_id")
    )
    assert (lat, person) == (60.17, aino)
    assert acme.stored() == []


def test_from_a_press_until_its_alert_is_resolved_positions_are_kept(
    acme: Acme, wire: Wire, make_ingest: IngestFactory, aino: uuid.UUID
) -> None:
    switch(acme, only=True)
    start(make_ingest)
    wire.send(topic_of(topics.Lane.PANIC), press(fob="FOB-1", t="2026-03-01T11:50:00.000Z"))
    assert wait_for(lambda: acme.select("SELECT person_id FROM alert")) == [(aino,)]
    lane = topic_of(topics.Lane.FIXES)
    # A second before the press, at it, and after it.
    wire.send(lane, fixes_of(fix(1, -601), fix(2, -600), fix(3, -300)))
    wait_for(lambda: acme.stored()[1:])

    with engine.connect(acme.database.owner_dsn) as connection:
        resolved = {"state": "resolved", "resolved_at": NOON - 2 * MINUTE, "resolved_by": "D", "resolution": "well"}
        connection.execute(sa.update(tables.alert).values(**resolved))
        connection.commit()
    wire.send(lane, fixes_of(fix(4, -200), fix(5, -120), fix(6, 0)))
    wait_for(lambda: [row for row in acme.stored() if row == ("van-000", 6)])

    assert acme.stored() == [("van-000", number) for number in (2, 3, 4, 6)]

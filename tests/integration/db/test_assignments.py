"""Who has what when (R62): given, moved, released; read as of its time."""

import datetime as dt
import uuid
from concurrent import futures

import pytest
import sqlalchemy as sa

from db import assignments, duty, engine, live_reads, migrate, people, read_models, registries, tables
from domain import assignments as rules
from tests.fixtures.database import Database
from tests.integration.db.two_tenants import LONG_AGO, Tenant

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FOB = assignments.Thing(kind=rules.Thing.FOB, key="FOB-00001")


def device(tenant: Tenant) -> assignments.Thing:
    return assignments.Thing(kind=rules.Thing.DEVICE, key=tenant.device_id)


def person(person_id: uuid.UUID) -> assignments.Holder:
    return assignments.Holder(kind=rules.Holder.PERSON, id=person_id)


@pytest.fixture
def mikko(owner: sa.Engine, ours: Tenant) -> uuid.UUID:
    made = uuid.uuid4()
    with owner.begin() as connection:
        row = {"tenant_id": ours.id, "id": made, "first_name": "Mikko", "last_name": "Korhonen", "kind": "courier"}
        connection.execute(sa.insert(tables.person).values(row))
    return made


def vehicle_of(connection: sa.Connection, tenant: Tenant) -> uuid.UUID:
    found: uuid.UUID = connection.execute(
        sa.select(tables.vehicle.c.id).where(tables.vehicle.c.tenant_id == tenant.id)
    ).scalar_one()
    return found


def test_a_device_that_moves_is_shown_with_its_new_person_and_followed_by_theirs(
    web: sa.Engine, ours: Tenant, mikko: uuid.UUID
) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        assert assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, by="Mona")
        [unit] = read_models.units(connection, ours.id)
        followed = live_reads.devices_of_person(connection, ours.id, mikko)
        book = assignments.history(connection, ours.id, "device_id", ours.device_id)
        now, before = (line for line in book if line.person is not None)

    assert unit.person == "Mikko Korhonen"
    assert followed == frozenset({ours.device_id})
    assert (now.person, now.since, now.until, now.assigned_by) == ("Mikko Korhonen", NOON, None, "Mona")
    assert (before.person, before.until, before.ended_by) == ("Aino Virtanen", NOON, "Mona")


def test_a_press_is_of_whoever_had_the_fob_then(web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        assignments.assign(connection, ours.id, FOB, person(mikko), since=NOON, by="Mona")
        assignments.release(connection, ours.id, FOB, rules.Holder.PERSON, at=NOON + HOUR, by="Mona")
        found = people.People(connection)
        names = []
        for at in (NOON - HOUR, NOON, NOON + HOUR):
            reporter = found.of_fob("FOB-00001", tenant_id=ours.id, at=at)
            names.append(reporter.first_name if reporter else None)

    assert names == ["Aino", "Mikko", None]


def test_a_fob_in_a_vehicle_is_of_whoever_has_the_vehicle_then(web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        vehicle = assignments.Holder(kind=rules.Holder.VEHICLE, id=vehicle_of(connection, ours))
        assignments.release(connection, ours.id, FOB, rules.Holder.PERSON, at=NOON - HOUR, by="Mona")
        assignments.assign(connection, ours.id, FOB, vehicle, since=LONG_AGO, by="Mona")
        drives = assignments.Thing(kind=rules.Thing.PERSON, key=mikko)
        assignments.assign(connection, ours.id, drives, vehicle, since=NOON, until=NOON + HOUR, by="Mona")
        found = people.People(connection)
        names = [
            reporter.first_name if (reporter := found.of_fob("FOB-00001", tenant_id=ours.id, at=at)) else None
            for at in (NOON - HOUR / 2, NOON, NOON + HOUR)
        ]

    assert names == [None, "Mikko", None]


def test_a_vehicles_crew_is_shown_where_nobody_carries_its_device(
    web: sa.Engine, ours: Tenant, mikko: uuid.UUID
) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        vehicle = assignments.Holder(kind=rules.Holder.VEHICLE, id=vehicle_of(connection, ours))
        drives = assignments.Thing(kind=rules.Thing.PERSON, key=mikko)
        assignments.assign(connection, ours.id, drives, vehicle, since=NOON, by="Mona")
        [carried] = read_models.units(connection, ours.id)
        assignments.release(connection, ours.id, device(ours), rules.Holder.PERSON, at=NOON, by="Mona")
        [unit] = read_models.units(connection, ours.id)
        followed = live_reads.devices_of_person(connection, ours.id, mikko)

    assert (carried.person, unit.person, unit.vehicle) == ("Aino Virtanen", "Mikko Korhonen", "Van 01")
    assert followed == frozenset({ours.device_id})


def test_a_persons_track_follows_their_device_of_then(web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, until=NOON + HOUR, by="Mona")
        day = (NOON - 12 * HOUR, NOON + 12 * HOUR)
        [mikkos] = live_reads.track_of_person(connection, ours.id, mikko, since=day[0], until=day[1])
        aino = connection.execute(sa.select(tables.person.c.id).where(tables.person.c.id != mikko)).scalar_one()
        ainos = live_reads.track_of_person(connection, ours.id, aino, since=day[0], until=day[1])

    assert (mikkos.device_id, mikkos.since, mikkos.until) == (ours.device_id, NOON, NOON + HOUR)
    assert [(each.since, each.until) for each in ainos] == [(day[0], NOON)]


def test_a_device_in_hand_and_in_the_persons_vehicle_is_one_stretch_of_their_track(
    web: sa.Engine, ours: Tenant, mikko: uuid.UUID
) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        vehicle = assignments.Holder(kind=rules.Holder.VEHICLE, id=vehicle_of(connection, ours))
        drives = assignments.Thing(kind=rules.Thing.PERSON, key=mikko)
        assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, until=NOON + HOUR, by="Mona")
        assignments.assign(
            connection, ours.id, drives, vehicle, since=NOON + HOUR / 2, until=NOON + 2 * HOUR, by="Mona"
        )
        found = live_reads.track_of_person(connection, ours.id, mikko, since=NOON - HOUR, until=NOON + 3 * HOUR)

    assert [(each.device_id, each.since, each.until) for each in found] == [(ours.device_id, NOON, NOON + 2 * HOUR)]


def test_who_goes_has_nothing_and_no_duty_any_more(web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, by="Mona")
        duty.begin(connection, ours.id, mikko, at=NOON, by="Mona")
        registries.retire(connection, ours.id, registries.Kind.PERSON, mikko, at=NOON + HOUR, by="Ada")
        [period] = duty.periods(connection, ours.id, mikko)
        [line] = assignments.history(connection, ours.id, "person_id", mikko)

    assert (period["until"], period["ended_by"]) == (line.until, line.ended_by) == (NOON + HOUR, "Ada")


class TestRefusals:
    @pytest.mark.parametrize(
        ("since", "until"),
        [
            (dt.datetime(1, 1, 1, tzinfo=dt.timezone(14 * HOUR)), None),
            (NOON, dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(-12 * HOUR))),
        ],
    )
    def test_a_time_that_nobody_could_read_again(
        self, web: sa.Engine, ours: Tenant, mikko: uuid.UUID, since: dt.datetime, until: dt.datetime | None
    ) -> None:
        with engine.tenant_transaction(web, ours.id) as connection:
            with pytest.raises(rules.PeriodError, match="between 1970 and 9999"):
                assignments.assign(connection, ours.id, device(ours), person(mikko), since=since, until=until, by="M")
            row = {"tenant_id": ours.id, "id": uuid.uuid4(), "device_id": ours.device_id, "person_id": mikko}
            beyond = {"since": since, "until": until or LONG_AGO, "assigned_by": "M"}
            with pytest.raises(sa.exc.IntegrityError, match="ck_assignment_period"):
                connection.execute(sa.insert(tables.assignment).values(**row, **beyond))

    def test_the_same_again_changes_nothing(self, web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
        with engine.tenant_transaction(web, ours.id) as connection:
            assert assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, by="Mona")
            again = assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON + HOUR, by="Mona")

        assert not again

    def test_what_is_somebody_elses_later_needs_an_end(self, web: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
        with engine.tenant_transaction(web, ours.id) as connection:
            assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, by="Mona")
            with pytest.raises(rules.OverlapError, match="say until when"):
                assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON - HOUR, by="Mona")

            assert assignments.assign(
                connection, ours.id, device(ours), person(mikko), since=NOON - HOUR, until=NOON, by="Mona"
            )

    def test_of_another_tenant_nothing_is_there(
        self, backend: sa.Engine, tenants: tuple[Tenant, Tenant], mikko: uuid.UUID
    ) -> None:
        ours, theirs = tenants
        with backend.begin() as connection:
            for thing, tenant_id in ((device(theirs), ours.id), (device(theirs), theirs.id)):
                with pytest.raises(rules.NotFoundError):
                    assignments.assign(connection, tenant_id, thing, person(mikko), since=NOON, by="Mona")

    @pytest.mark.parametrize("until", [NOON, NOON - HOUR])
    def test_an_end_before_the_beginning(
        self, web: sa.Engine, ours: Tenant, mikko: uuid.UUID, until: dt.datetime
    ) -> None:
        with engine.tenant_transaction(web, ours.id) as connection, pytest.raises(rules.PeriodError):
            assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, until=until, by="Mona")

    def test_what_is_out_of_service(self, owner: sa.Engine, ours: Tenant, mikko: uuid.UUID) -> None:
        with owner.begin() as connection:
            connection.execute(sa.update(tables.fob).values(retired_at=NOON))
            with pytest.raises(rules.NotFoundError, match="no fob FOB-00001 in service"):
                assignments.assign(connection, ours.id, FOB, person(mikko), since=NOON, by="Mona")


def test_of_many_who_give_one_device_away_at_once_the_last_from_when_has_it(backend: sa.Engine, ours: Tenant) -> None:
    with backend.begin() as connection:
        people_ids = [registries.add_person(connection, ours.id, f"P{n}", "V", kind="courier") for n in range(8)]

    def give(minute: int) -> bool | None:
        since = NOON + dt.timedelta(minutes=minute)
        try:
            with backend.begin() as connection:
                to = person(people_ids[minute])
                return assignments.assign(connection, ours.id, device(ours), to, since=since, by=str(minute))
        except rules.OverlapError:
            return None  # a later one was faster

    with futures.ThreadPoolExecutor(4) as pool:
        given = list(pool.map(give, range(8)))

    assert (given[7], False in given) == (True, False)
    with backend.begin() as connection:
        book = assignments.history(connection, ours.id, "device_id", ours.device_id)
    carried = [line for line in reversed(book) if line.person is not None]
    assert (carried[-1].person, carried[-1].until) == ("P7 V", None)
    assert [line.until for line in carried[:-1]] == [line.since for line in carried[1:]]


def test_of_two_who_give_one_device_away_from_the_same_moment_on_one_has_it(
    backend: sa.Engine, ours: Tenant, mikko: uuid.UUID
) -> None:
    def give(number: int) -> bool:
        with backend.begin() as connection:
            return assignments.assign(connection, ours.id, device(ours), person(mikko), since=NOON, by=str(number))

    with futures.ThreadPoolExecutor(4) as pool:
        given = list(pool.map(give, range(8)))

    assert given.count(True) == 1
    with backend.begin() as connection:
        assert len(assignments.history(connection, ours.id, "device_id", ours.device_id)) == 3


def test_what_was_in_columns_is_in_the_book_after_the_migration_and_back_again(empty_database: Database) -> None:
    columns = "SELECT vehicle_id IS NOT NULL, person_id IS NOT NULL FROM {} ORDER BY 1, 2"
    with engine.connect(empty_database.owner_dsn) as connection:
        migrate.upgrade(connection, "0010")
        for statement in (
            "INSERT INTO tenant (id, slug, name) VALUES (gen_random_uuid(), 'acme', 'Acme')",
            "INSERT INTO vehicle (tenant_id, id, name) SELECT id, gen_random_uuid(), 'Van' FROM tenant",
            """INSERT INTO person (tenant_id, id, first_name, last_name, kind)
               SELECT id, gen_random_uuid(), 'Aino', 'V', 'courier' FROM tenant""",
            """INSERT INTO device (tenant_id, uid, name, vehicle_id, person_id)
               SELECT v.tenant_id, gen_random_uuid(), 'van-1', v.id, p.id FROM vehicle v, person p""",
            "INSERT INTO device (tenant_id, uid, name) SELECT id, gen_random_uuid(), 'van-2' FROM tenant",
            "INSERT INTO fob (tenant_id, code, person_id) SELECT tenant_id, 'F', id FROM person",
            # Out of service from its beginning, and a day later.
            """INSERT INTO fob (tenant_id, code, person_id, retired_at)
               SELECT tenant_id, 'G', id, now() FROM person""",
            """INSERT INTO fob (tenant_id, code, person_id, retired_at)
               SELECT tenant_id, 'H', id, now() + interval '1 day' FROM person""",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
        migrate.upgrade(connection, "0011")
        moved = connection.exec_driver_sql(
            "SELECT device_id IS NOT NULL, fob_code, vehicle_id IS NOT NULL, until - since FROM assignment"
            " JOIN tenant ON tenant.id = tenant_id WHERE since >= tenant.created_at ORDER BY 1, 2, 3"
        ).all()
        connection.commit()
        migrate.downgrade(connection, "0010")
        back = [connection.exec_driver_sql(columns.format(table)).all() for table in ("device", "fob")]

    assert [tuple(row) for row in moved] == [
        (False, "F", False, None),
        (False, "H", False, 24 * HOUR),
        (True, None, False, None),
        (True, None, True, None),
    ]
    assert [[tuple(row) for row in rows] for rows in back] == [
        [(False, False), (True, True)],
        [(False, False), (False, True), (False, True)],
    ]

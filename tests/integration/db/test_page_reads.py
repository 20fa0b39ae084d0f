"""What the live page and the figures of a day read, on filled tables of two companies, as the web role."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from db import alert_changes, assignments, engine, geofences, live_reads, registries, tables, today_reads
from domain import assignments as assignment_rules
from domain import emergencies
from tests.integration.db.two_tenants import NOW, Tenant

DAY = NOW - dt.timedelta(hours=2)


@pytest.fixture
def reading(web: sa.Engine, ours: Tenant) -> Iterator[sa.Connection]:
    """A transaction of the first company's."""
    with engine.tenant_transaction(web, ours.id) as connection:
        yield connection


class TestADay:
    def test_holds_the_work_of_its_units_and_of_no_others(
        self, owner: sa.Engine, ours: Tenant, reading: sa.Connection
    ) -> None:
        with owner.begin() as connection:
            hours = [
                {
                    "device_id": ours.device_id,
                    "hour": NOW + dt.timedelta(hours=shift),
                    "fixes": fixes,
                    "distance_m": 1500.0,
                }
                for shift, fixes in ((-3, 100), (-1, 7))
            ]
            connection.execute(sa.insert(tables.activity_hourly), hours)

        [unit] = today_reads.units(reading, ours.id, since=DAY)

        assert (unit.name, unit.person, unit.fixes, unit.distance_m) == ("van-01", "Aino Virtanen", 8, 1500.0)
        assert (unit.time, unit.moving) == (NOW, False)

    def test_names_all_who_had_a_unit_in_it(self, ours: Tenant, reading: sa.Connection) -> None:
        mikko = registries.add_person(reading, ours.id, "Mikko", "Korhonen", kind="courier")
        device = assignments.Thing(kind=assignment_rules.Thing.DEVICE, key=ours.device_id)
        holder = assignments.Holder(kind=assignment_rules.Holder.PERSON, id=mikko)
        assignments.assign(reading, ours.id, device, holder, since=NOW, by="root")

        [handed_over] = today_reads.units(reading, ours.id, since=DAY)
        [afterwards] = today_reads.units(reading, ours.id, since=NOW)

        assert (handed_over.person, afterwards.person) == ("Aino Virtanen, Mikko Korhonen", "Mikko Korhonen")

    def test_names_the_crew_of_a_unit_that_nobody_carries(self, ours: Tenant, reading: sa.Connection) -> None:
        kinds, holders = assignment_rules.Thing, assignment_rules.Holder
        device = assignments.Thing(kind=kinds.DEVICE, key=ours.device_id)
        assignments.release(reading, ours.id, device, holders.PERSON, at=DAY, by="root")
        [nobodys] = today_reads.units(reading, ours.id, since=DAY)
        van = registries.find(reading, ours.id, registries.Kind.VEHICLE, "Van 01")
        mikko = registries.add_person(reading, ours.id, "Mikko", "Korhonen", kind="courier")
        assert isinstance(van, uuid.UUID)
        drives = assignments.Thing(kind=kinds.PERSON, key=mikko)
        assignments.assign(
            reading, ours.id, drives, assignments.Holder(kind=holders.VEHICLE, id=van), since=NOW, by="root"
        )

        [unit] = today_reads.units(reading, ours.id, since=DAY)

        assert (nobodys.person, unit.person) == (None, "Mikko Korhonen")

    def test_knows_who_answered_an_alert_first(self, owner: sa.Engine, ours: Tenant, reading: sa.Connection) -> None:
        with owner.begin() as connection:
            alert_id = connection.scalar(sa.select(tables.alert.c.id).where(tables.alert.c.tenant_id == ours.id))
            lines = [
                {"tenant_id": ours.id, "alert_id": alert_id, "change": change, "at": NOW + after, "actor": actor}
                for change, after, actor in (
                    ("acknowledged", dt.timedelta(seconds=40), "Bo"),
                    ("rearmed", dt.timedelta(seconds=50), None),
                    ("acknowledged", dt.timedelta(seconds=90), "Eva"),
                )
            ]
            connection.execute(sa.insert(tables.alert_history), lines)

        [alert] = today_reads.alerts(reading, ours.id, since=DAY)

        assert (alert.person, alert.answered_by, alert.answer_s) == ("Aino Virtanen", "Bo", 40.0)
        assert today_reads.alerts(reading, ours.id, since=NOW + dt.timedelta(seconds=1)) == []

    def test_counts_entries_into_fences(self, ours: Tenant, reading: sa.Connection) -> None:
        [depot] = today_reads.visits(reading, ours.id, since=DAY)

        assert (depot.fence, depot.visits, depot.units, depot.last_at) == ("Depot", 1, 1, NOW)
        assert today_reads.visits(reading, ours.id, since=NOW + dt.timedelta(seconds=1)) == []

    def test_tells_how_a_resolved_alert_went(self, owner: sa.Engine, ours: Tenant, reading: sa.Connection) -> None:
        over = {"state": "resolved", "resolved_at": NOW, "resolved_by": "Eva", "resolution": "all well"}
        with owner.begin() as connection:
            connection.execute(sa.update(tables.alert).values(**over))

        [alert] = today_reads.resolved_alerts(reading, ours.id, since=DAY)

        assert (alert.resolved_by, alert.resolution) == ("Eva", "all well")
        assert [line.change for line in alert.history] == [emergencies.AlertChange.RAISED]
        assert live_reads.seen_alerts(reading, ours.id) == []


class TestTheLivePage:
    def test_sees_its_own_alert_with_device_and_person(self, ours: Tenant, reading: sa.Connection) -> None:
        [seen] = live_reads.seen_alerts(reading, ours.id)

        assert (seen.device_id, seen.who) == (ours.device_id, "Aino Virtanen")
        assert live_reads.seen_alert(reading, ours.id, seen.alert.id) == seen
        assert len(alert_changes.of_alerts(reading, ours.id, [seen.alert.id])[seen.alert.id]) == 1

    def test_reads_the_trail_of_its_own_devices_alone(
        self, ours: Tenant, theirs: Tenant, reading: sa.Connection
    ) -> None:
        def trail(device_id: int) -> list[dt.datetime]:
            found = live_reads.unit_trail(reading, device_id, since=DAY, until=NOW + dt.timedelta(seconds=1))
            return [fix["time"] for fix in found]

        assert trail(ours.device_id) == [NOW]
        assert trail(theirs.device_id) == []

    def test_reads_fences_events_and_the_devices_of_a_person(
        self, owner: sa.Engine, ours: Tenant, theirs: Tenant, reading: sa.Connection
    ) -> None:
        with owner.connect() as connection:
            people = dict(connection.execute(sa.select(tables.person.c.tenant_id, tables.person.c.id)).all())

        [fence] = geofences.of_tenant(reading, ours.id)
        events = live_reads.unit_events(reading, ours.id, ours.device_id, most=10)

        assert fence.name == "Depot"
        assert {event["kind"] for event in events} == {"entered", "alert_open"}
        assert live_reads.devices_of_person(reading, ours.id, people[ours.id]) == frozenset({ours.device_id})
        assert live_reads.devices_of_person(reading, ours.id, people[theirs.id]) is None

import datetime as dt

import pytest
import sqlalchemy as sa

from db import devices, geofences, people, tables
from db.seed import demo, places, roster
from domain import fence_shapes

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_every_unit_of_the_fleet_is_known_and_its_fob_has_its_person(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        demo.plant(connection, units=60, gateways=3)
        registry = devices.load(connection)
        for unit in roster.enlist(units=60, gateways=3):
            source = registry.find(unit.tenant, unit.device)
            assert source is not None
            assert source.id is not None
            carried_by = people.People(connection).of_fob(unit.fob, tenant_id=source.tenant_id, at=NOW)
            of_device = connection.execute(
                sa.select(tables.assignment.c.person_id).where(
                    tables.assignment.c.device_id == source.id, tables.assignment.c.person_id.is_not(None)
                )
            ).scalar_one()
            assert carried_by is not None
            assert carried_by.id == of_device

        assert registry.find("demo", demo.REPLAY) is not None


def test_both_companies_watch_their_places(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        demo.plant(connection, units=1, gateways=0)
        fences = geofences.load_active(connection)

    for company, listed in (("demo", places.DEMO_PLACES), ("kaleva", places.OTHER_PLACES)):
        [tenant_id] = [planted.id for planted in demo.COMPANIES if planted.slug == company]
        assert {fence.name for fence in fences if fence.tenant_id == tenant_id} == {place.name for place in listed}
    assert len(places.DEMO_PLACES) >= 12
    [park] = [fence.shape for fence in fences if fence.name == "Kaisaniemi Park"]
    assert isinstance(park, fence_shapes.Polygons)
    assert [len(part.holes) for part in park.parts] == [1]


def test_planting_again_adds_nothing_and_planting_more_adds_the_rest(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        first = demo.plant(connection, units=40, gateways=3)
        again = demo.plant(connection, units=40, gateways=3)
        more = demo.plant(connection, units=100, gateways=3)

    of_people = {"person": 52, "account": 6, "assignment": 142}
    assert first == {"tenant": 2, "vehicle": 31, "device": 41, "fob": 40, "geofence": 16, **of_people}
    assert set(again.values()) == {0}
    assert (more["device"], more["fob"], more["tenant"], more["geofence"]) == (60, 60, 0, 0)


def test_planting_again_leaves_what_people_have_changed(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        demo.plant(connection, units=5, gateways=1)
        connection.execute(sa.update(tables.device).values(label="Changed"))
        demo.plant(connection, units=5, gateways=1)
        labels = set(connection.execute(sa.select(tables.device.c.label)).scalars())

    assert labels == {"Changed"}


def test_ten_thousand_units_are_planted(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        added = demo.plant(connection, units=10_000, gateways=3)

        assert added["device"] == 10_001
        assert len(devices.load(connection).devices) == 10_001


@pytest.mark.parametrize("company", demo.COMPANIES, ids=lambda company: company.slug)
def test_people_of_a_small_demo_have_names_of_their_own(owner: sa.Engine, company: demo.Company) -> None:
    with owner.connect() as connection:
        demo.plant(connection, units=200, gateways=3)
        person = tables.person
        names = connection.execute(
            sa.select(person.c.first_name, person.c.last_name).where(person.c.tenant_id == company.id)
        ).all()

    assert len(set(names)) == len(names)

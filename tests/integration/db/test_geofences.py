import dataclasses
import uuid

import pytest
import sqlalchemy as sa

from db import devices, errors, geofences, notices
from domain import geo, geofencing
from tests.fixtures.database import Database

SHELL = ((24.94, 60.17), (24.95, 60.17), (24.95, 60.18), (24.94, 60.18))
HOLE = ((24.943, 60.173), (24.947, 60.173), (24.947, 60.177), (24.943, 60.177))


@pytest.fixture
def tenant(owner: sa.Engine) -> uuid.UUID:
    with owner.begin() as connection:
        devices.add_tenant(connection, "acme", name="Acme", time_zone="UTC")
        return devices.tenant_id(connection, "acme")


@pytest.fixture
def fence(tenant: uuid.UUID) -> geofencing.Geofence:
    return geofencing.Geofence(id=uuid.uuid4(), tenant_id=tenant, name="Depot", shell=SHELL, holes=(HOLE,))


def test_a_fence_comes_back_with_its_outline_and_holes(owner: sa.Engine, fence: geofencing.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence, kind="depot")
        [loaded] = geofences.load_active(connection)

    assert (loaded.id, loaded.tenant_id, loaded.name) == (fence.id, fence.tenant_id, "Depot")
    assert tuple(loaded.shell) == (*SHELL, SHELL[0])
    assert [tuple(hole) for hole in loaded.holes] == [(*HOLE, HOLE[0])]


@pytest.mark.parametrize(
    ("lat", "lon", "inside"),
    [(60.171, 24.941, True), (60.175, 24.945, False), (60.173, 24.945, True), (60.19, 24.945, False)],
)
def test_a_loaded_fence_and_postgis_agree_on_what_lies_inside(
    owner: sa.Engine, fence: geofencing.Geofence, *, lat: float, lon: float, inside: bool
) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)
        [loaded] = geofences.load_active(connection)
        covers = connection.execute(
            sa.text("SELECT ST_Covers(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) FROM geofence"),
            {"lon": lon, "lat": lat},
        ).scalar_one()

    assert geofencing.contains(loaded, geo.Position(lat, lon)) is covers is inside


def test_a_changed_fence_takes_the_place_of_the_old_one(owner: sa.Engine, fence: geofencing.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)
        geofences.save(connection, dataclasses.replace(fence, name="Old depot", holes=()))
        [loaded] = geofences.load_active(connection)

    assert (loaded.name, loaded.holes) == ("Old depot", ())


def test_a_fence_that_is_watched_no_more_is_not_loaded(owner: sa.Engine, fence: geofencing.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)

        assert geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
        assert not geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
        assert geofences.load_active(connection) == []


def test_another_tenants_fence_stays_watched(owner: sa.Engine, fence: geofencing.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)

        assert not geofences.deactivate(connection, fence.id, tenant_id=uuid.uuid4())
        assert len(geofences.load_active(connection)) == 1


def test_an_outline_that_crosses_itself_is_refused_with_the_place(owner: sa.Engine, fence: geofencing.Geofence) -> None:
    bow_tie = dataclasses.replace(fence, shell=((0, 0), (1, 1), (1, 0), (0, 1)), holes=())

    with owner.begin() as connection, pytest.raises(errors.DatabaseError, match=r"Depot: Self-intersection\[0.5 0.5\]"):
        geofences.save(connection, bow_tie)


def test_listeners_hear_of_a_changed_fence(owner: sa.Engine, fence: geofencing.Geofence, database: Database) -> None:
    with notices.Notices(database.backend_dsn, [notices.GEOFENCES]) as heard:
        with owner.begin() as connection:
            geofences.save(connection, fence)

        assert heard.wait(10) == {notices.GEOFENCES}

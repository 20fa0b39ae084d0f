import dataclasses
import datetime as dt
import uuid

import psycopg
import pytest
import sqlalchemy as sa

from db import devices, errors, geofences, notices, queries, tables
from domain import fence_outlines, fence_shapes, fences, geo, schedules
from tests.fixtures.database import Database

SHELL = ((24.94, 60.17), (24.95, 60.17), (24.95, 60.18), (24.94, 60.18))
HOLE = ((24.943, 60.173), (24.947, 60.173), (24.947, 60.177), (24.943, 60.177))
NIGHT = schedules.Schedule(start=dt.time(22), end=dt.time(6), days=frozenset({1, 5}), zone="Europe/Helsinki")
SHAPES: list[fence_shapes.Shape] = [
    fence_shapes.polygon(SHELL, HOLE),
    fence_shapes.Polygons(
        parts=(
            fence_shapes.Polygon(shell=SHELL),
            fence_shapes.Polygon(shell=((25.94, 60.17), (25.95, 60.17), (25.95, 60.18))),
        )
    ),
    fence_shapes.polygon(((179.9, -17.0), (-179.9, -17.0), (-179.9, -16.9), (179.9, -16.9))),
    fence_shapes.Circle(centre=geo.Position(60.17, 24.94), radius_m=150.0),
    fence_shapes.Corridor(line=((24.94, 60.17), (24.95, 60.17), (24.95, 60.18)), width_m=40.0),
]


@pytest.fixture
def tenant(owner: sa.Engine) -> uuid.UUID:
    with owner.begin() as connection:
        devices.add_tenant(connection, "acme", name="Acme", time_zone="Europe/Paris")
        return devices.tenant_id(connection, "acme")


@pytest.fixture
def fence(tenant: uuid.UUID) -> fences.Geofence:
    return fences.Geofence(
        id=uuid.uuid4(), tenant_id=tenant, name="Depot", kind="depot", shape=SHAPES[0], zone="Europe/Paris"
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fence_of_any_shape_comes_back_with_its_rules(
    owner: sa.Engine, fence: fences.Geofence, shape: fence_shapes.Shape
) -> None:
    rules = fences.Rules(confirmations=2, dwell_s=600.0, speed_limit_mps=13.9, absence=NIGHT, guard=NIGHT)
    written = dataclasses.replace(
        fence,
        shape=shape,
        floor_m=-5.0,
        ceiling_m=120.0,
        schedule=NIGHT,
        valid_from=dt.date(2026, 3, 1),
        valid_until=dt.date(2026, 12, 31),
        rules=rules,
    )

    with owner.begin() as connection:
        geofences.save(connection, written)

        assert geofences.load_active(connection) == [written]
        assert geofences.of_tenant(connection, fence.tenant_id) == [written]


@pytest.mark.parametrize(
    ("lat", "lon", "inside"),
    [(60.171, 24.941, True), (60.175, 24.945, False), (60.1729, 24.945, True), (60.19, 24.945, False)],
)
def test_a_loaded_fence_and_postgis_agree_on_what_lies_inside(
    owner: sa.Engine, fence: fences.Geofence, *, lat: float, lon: float, inside: bool
) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)
        [loaded] = geofences.load_active(connection)
        covers = connection.execute(
            sa.text("SELECT ST_Covers(geom::geography, ST_MakePoint(:lon, :lat)::geography) FROM geofence"),
            {"lon": lon, "lat": lat},
        ).scalar_one()

    assert (fence_outlines.outline_of(loaded.shape).depth_m(geo.Position(lat, lon)) >= 0) is inside
    assert covers is inside


def test_a_changed_fence_takes_the_place_of_the_old_one(owner: sa.Engine, fence: fences.Geofence) -> None:
    changed = dataclasses.replace(fence, name="Old depot", shape=SHAPES[3])

    with owner.begin() as connection:
        geofences.save(connection, fence)
        geofences.save(connection, changed)

        assert geofences.load_active(connection) == [changed]


def test_a_fence_that_is_watched_no_more_is_not_loaded_and_gives_its_name_free(
    owner: sa.Engine, fence: fences.Geofence
) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)

        assert geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
        assert not geofences.deactivate(connection, fence.id, tenant_id=fence.tenant_id)
        assert geofences.load_active(connection) == []
        geofences.save(connection, dataclasses.replace(fence, id=uuid.uuid4()))


def test_another_tenants_fence_stays_watched(owner: sa.Engine, fence: fences.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)

        assert not geofences.deactivate(connection, fence.id, tenant_id=uuid.uuid4())
        assert len(geofences.load_active(connection)) == 1


def test_an_outline_that_crosses_itself_is_refused_with_the_place(owner: sa.Engine, fence: fences.Geofence) -> None:
    bow_tie = dataclasses.replace(fence, shape=fence_shapes.polygon(((0, 0), (1, 1), (1, 0), (0, 1))))

    with (
        owner.begin() as connection,
        pytest.raises(errors.DatabaseError, match=r"Depot: Self-intersection at longitude 0\.5, latitude 0\.5"),
    ):
        geofences.save(connection, bow_tie)


def test_two_watched_fences_of_one_name_are_refused(owner: sa.Engine, fence: fences.Geofence) -> None:
    with owner.begin() as connection:
        geofences.save(connection, fence)

        with pytest.raises(errors.DatabaseError, match="there is a geofence 'Depot' already"):
            geofences.save(connection, dataclasses.replace(fence, id=uuid.uuid4()))
        with pytest.raises(errors.DatabaseError, match="no kind of geofence is called 'castle': depot, customer"):
            geofences.save(connection, dataclasses.replace(fence, kind="castle"))


class TestWhom:
    @pytest.fixture(autouse=True)
    def devices_of_acme(self, owner: sa.Engine, fence: fences.Geofence) -> None:
        with owner.begin() as connection:
            devices.add(connection, fence.tenant_id, [devices.NewDevice(name=f"van-{n}") for n in range(4)])
            vehicle = {"tenant_id": fence.tenant_id, "id": uuid.uuid4(), "name": "Lorry"}
            connection.execute(sa.insert(tables.vehicle).values(**vehicle))
            van_2 = connection.execute(
                sa.select(tables.device.c.id).where(tables.device.c.name == "van-2")
            ).scalar_one()
            had = {"tenant_id": fence.tenant_id, "device_id": van_2, "vehicle_id": vehicle["id"]}
            times = {"since": dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "assigned_by": "root"}
            connection.execute(sa.insert(tables.assignment).values(**had, **times, id=uuid.uuid4()))
            geofences.save(connection, fence)

    def looked_at(self, connection: sa.Connection) -> list[str]:
        [row] = connection.exec_driver_sql(queries.get("watched_fences")).mappings()
        rows = connection.execute(sa.select(tables.device.c.id, tables.device.c.name))
        names = {each[0]: each[1] for each in rows}
        return sorted(names[device_id] for device_id in row["devices"]) if row["is_assigned"] else ["all"]

    def test_a_fence_looks_at_all_until_somebody_is_named(self, owner: sa.Engine, fence: fences.Geofence) -> None:
        with owner.begin() as connection:
            geofences.save_group(connection, "Nights", ["van-1", "van-3"], tenant_id=fence.tenant_id)

            assert self.looked_at(connection) == ["all"]
            whom = geofences.Whom(devices=("van-0",), vehicles=("Lorry",), groups=("Nights",))
            geofences.assign(connection, fence.id, whom, tenant_id=fence.tenant_id)
            assert self.looked_at(connection) == ["van-0", "van-1", "van-2", "van-3"]
            assert geofences.whom(connection, fence.tenant_id) == {fence.id: whom}
            geofences.save_group(connection, "Nights", ["van-3"], tenant_id=fence.tenant_id)
            assert self.looked_at(connection) == ["van-0", "van-2", "van-3"]
            geofences.assign(connection, fence.id, geofences.ALL, tenant_id=fence.tenant_id)
            assert self.looked_at(connection) == ["all"]

    def test_nobody_of_that_name_is_refused(self, owner: sa.Engine, fence: fences.Geofence) -> None:
        whom = geofences.Whom(devices=("van-9", "van-0", "van-8"))

        with owner.begin() as connection, pytest.raises(errors.DatabaseError, match="no device van-9, van-8"):
            geofences.assign(connection, fence.id, whom, tenant_id=fence.tenant_id)


def test_listeners_hear_of_a_changed_fence(owner: sa.Engine, fence: fences.Geofence, database: Database) -> None:
    with notices.Notices(database.backend_dsn, [notices.GEOFENCES]) as heard:
        with owner.begin() as connection:
            geofences.save(connection, fence)

        assert heard.wait(10) == {notices.GEOFENCES}


def test_visits_are_looked_up_by_their_key(database: Database) -> None:
    """A table of millions that is only ever asked for some."""
    with psycopg.connect(database.owner_dsn) as connection:
        connection.execute("SET enable_seqscan = off")  # with few rows it would be the cheapest
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("SET enable_bitmapscan = off")
        given = {"tenant_id": [uuid.uuid4()], "visit_id": [uuid.uuid4()], "corrected_at": None}

        def plan(name: str) -> str:
            return "\n".join(line for (line,) in connection.execute(("EXPLAIN " + queries.get(name)).encode(), given))

        refreshing, dropping = plan("refresh_visits"), plan("drop_visits_of_nothing")

    assert "Index Cond: (visit_id = ANY" in refreshing, refreshing
    assert "Conflict Arbiter Indexes: pk_visit" in refreshing, refreshing
    assert "Index Cond: ((tenant_id = n.tenant_id) AND (id = n.visit_id))" in dropping, dropping
    assert "Index Cond: (visit_id = v.id)" in dropping, dropping


@pytest.mark.parametrize("day", ["infinity", "-infinity", "10000-01-01"])
def test_days_that_nobody_can_read_are_refused(database: Database, tenant: uuid.UUID, day: str) -> None:
    query = (
        "INSERT INTO geofence (tenant_id, id, name, shape, radius_m, geom, valid_until)"
        " VALUES (%s, %s, 'A', 'circle', 10, ST_SetSRID(ST_MakePoint(24.9, 60.1), 4326), %s)"
    )
    with psycopg.connect(database.owner_dsn) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(query, [tenant, uuid.uuid4(), day])

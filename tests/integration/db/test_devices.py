import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from db import devices, errors, notices, registries, tables
from db.devices import NewDevice
from domain import assignments, telemetry
from domain.wire import topics
from tests.fixtures.database import Database


@pytest.fixture
def tenant(owner: sa.Engine) -> uuid.UUID:
    with owner.begin() as connection:
        assert devices.add_tenant(connection, "acme", name="Acme Guards", time_zone="Europe/Paris")
        return devices.tenant_id(connection, "acme")


def retire(connection: sa.Connection, tenant: uuid.UUID) -> None:
    key = registries.find(connection, tenant, registries.Kind.DEVICE, "bus-1")
    registries.retire(connection, tenant, registries.Kind.DEVICE, key, at=dt.datetime.now(dt.UTC), by="root")


def test_registered_devices_are_found_by_the_levels_of_their_topics(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        added = devices.add(connection, tenant, [NewDevice(name="bus-1"), NewDevice(name="bus-2", kind="gateway")])
        registry = devices.load(connection)

    assert added == 2
    assert registry.find("acme", "bus-2") == telemetry.DeviceRef(
        tenant_id=tenant, name="bus-2", id=registry.devices["acme", "bus-2"]
    )
    assert len(set(registry.devices.values())) == 2


def test_a_name_that_the_tenant_has_not_registered_has_no_id(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        registry = devices.load(connection)

    assert registry.find("acme", "bus-9") == telemetry.DeviceRef(tenant_id=tenant, name="bus-9", id=None)
    assert registry.find("nobody", "bus-9") is None


def test_what_is_registered_already_stays_as_it_is(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        devices.add(connection, tenant, [NewDevice(name="bus-1", label="The red one")])
        before = devices.load(connection)
        added = devices.add(connection, tenant, [NewDevice(name="bus-1", label="Another"), NewDevice(name="bus-2")])

        assert added == 1
        assert devices.load(connection).devices["acme", "bus-1"] == before.devices["acme", "bus-1"]
        labels = connection.execute(sa.select(tables.device.c.label).order_by(tables.device.c.name)).scalars()
        assert list(labels) == ["The red one", None]


def test_one_wrong_name_or_kind_registers_nothing(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        with pytest.raises(topics.TopicError, match="bus/2"):
            devices.add(connection, tenant, [NewDevice(name="bus-1"), NewDevice(name="bus/2")])
        with pytest.raises(errors.DatabaseError, match="'rocket' is none of the kinds gateway, tracker, phone"):
            devices.add(connection, tenant, [NewDevice(name="bus-1"), NewDevice(name="bus-2", kind="rocket")])

        assert devices.load(connection).devices == {}


def test_two_tenants_may_use_one_name(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        devices.add_tenant(connection, "other", name="Other", time_zone="UTC")
        devices.add(connection, tenant, [NewDevice(name="bus-1")])
        devices.add(connection, devices.tenant_id(connection, "other"), [NewDevice(name="bus-1")])
        registry = devices.load(connection)

    assert registry.devices["acme", "bus-1"] != registry.devices["other", "bus-1"]


def test_a_retired_device_is_no_longer_found_and_its_name_stays_taken(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        devices.add(connection, tenant, [NewDevice(name="bus-1")])

        retire(connection, tenant)
        with pytest.raises(assignments.NotFoundError):
            retire(connection, tenant)
        assert devices.load(connection).devices == {}
        assert devices.add(connection, tenant, [NewDevice(name="bus-1")]) == 0


def test_a_slug_is_taken_once_and_an_unknown_one_is_named(owner: sa.Engine, tenant: uuid.UUID) -> None:
    with owner.begin() as connection:
        assert not devices.add_tenant(connection, "acme", name="Again", time_zone="UTC")
        with pytest.raises(errors.DatabaseError, match="no tenant 'acne'; there is acme"):
            devices.tenant_id(connection, "acne")


def test_listeners_hear_of_a_change_of_the_registry(owner: sa.Engine, tenant: uuid.UUID, database: Database) -> None:
    with notices.Notices(database.backend_dsn, [notices.REGISTRY, notices.GEOFENCES]) as heard:
        assert heard.wait(0.05) == frozenset()
        with owner.begin() as connection:
            devices.add(connection, tenant, [NewDevice(name="bus-1")])

        assert heard.wait(10) == {notices.REGISTRY}
        with owner.begin() as connection:
            retire(connection, tenant)

        assert heard.wait(10) == {notices.REGISTRY}


def test_listeners_hear_nothing_of_what_is_taken_back(owner: sa.Engine, tenant: uuid.UUID, database: Database) -> None:
    with notices.Notices(database.backend_dsn, [notices.REGISTRY]) as heard:
        with owner.connect() as connection:
            devices.add(connection, tenant, [NewDevice(name="bus-1")])
            connection.rollback()

        assert heard.wait(0.2) == frozenset()

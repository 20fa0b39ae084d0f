"""Registered devices of every kind, from the database through `broker-users` into a running broker: each bound to its own."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from typer import testing

from db import device_codes, devices, registries
from domain.wire import broker_password, topics
from stack import broker as broker_module
from stack import broker_config, cli
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.integration.stack.mqtt_probe import connected, wait_for

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
KINDS = ("gateway", "tracker", "phone")
USERS = [f"{tenant}/{kind}-1" for tenant in ("acme", "rival") for kind in KINDS]


@pytest.fixture
def tenants(owner: sa.Engine, broker: RunningBroker) -> dict[str, uuid.UUID]:
    """Two tenants with a device of each kind; their passwords are made in the database alone."""
    found = {}
    with owner.begin() as connection:
        for slug in ("acme", "rival"):
            devices.add_tenant(connection, slug, name=slug, time_zone="UTC")
            found[slug] = devices.tenant_id(connection, slug)
            for kind in KINDS:
                registries.add_device(connection, found[slug], f"{kind}-1", kind=kind)
                set_password(connection, slug, f"{kind}-1", "first")
    broker.passwords.update({name: f"{name} first" for name in USERS})
    return found


def set_password(connection: sa.Connection, tenant: str, device: str, word: str) -> None:
    hashed = broker_password.encoded(f"{tenant}/{device} {word}")
    assert device_codes.set_password(connection, tenant, device, password_hash=hashed, now=NOW)


def sync(broker: RunningBroker, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m stack broker-users`, as production runs it beside its broker."""
    monkeypatch.setenv("INGEST_DATABASE_URL", database.backend_dsn)
    told = ("--write", str(broker.server.users.path), "--broker", str(broker.server.configuration))
    done = testing.CliRunner().invoke(cli.app, ["broker-users", *told])
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("tenants")
def test_every_registered_device_is_let_in_and_bound_to_its_own_prefix(
    broker: RunningBroker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(broker, database, monkeypatch)
    wait_for(lambda: let_in(broker, USERS[0], "first"))

    with connected(broker, broker_config.INGEST) as ingest:
        ingest.subscribe("driveops/v1/#")
        for user in USERS:
            with connected(broker, user) as device:
                for other in USERS:
                    tenant, name = other.split("/")
                    topic = topics.device_topic(tenant, name, topics.Lane.FIXES)
                    assert (user, other, device.publish(topic)) == (
                        user,
                        other,
                        "Success" if user == other else "Not authorized",
                    )
        wait_for(lambda: len(ingest.received) == len(USERS))


def test_a_retired_device_is_out_and_its_old_password_stays_so(
    tenants: dict[str, uuid.UUID],
    broker: RunningBroker,
    database: Database,
    owner: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sync(broker, database, monkeypatch)
    wait_for(lambda: let_in(broker, "acme/gateway-1", "first"))
    tenant, kind = tenants["acme"], registries.Kind.DEVICE
    with connected(broker, "acme/gateway-1") as box:
        with owner.begin() as connection:
            key = registries.find(connection, tenant, kind, "gateway-1")
            registries.retire(connection, tenant, kind, key, at=NOW, by="root")
            # In service again before the broker has heard of it.
            registries.add_device(connection, tenant, "gateway-1", kind="gateway")
        sync(broker, database, monkeypatch)
        wait_for(lambda: not box.client.is_connected())
    wait_for(lambda: not let_in(broker, "acme/gateway-1", "first"))
    assert let_in(broker, "rival/gateway-1", "first")

    with owner.begin() as connection:
        set_password(connection, "acme", "gateway-1", "second")
    sync(broker, database, monkeypatch)
    wait_for(lambda: let_in(broker, "acme/gateway-1", "second"))


def let_in(broker: RunningBroker, user: str, word: str) -> bool:
    return broker_module.answers(broker.port, user=user, password=f"{user} {word}")

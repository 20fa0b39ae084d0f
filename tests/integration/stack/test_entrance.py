"""The demo's link, against a seeded database: whom it signs in, and what there is without the seed."""

import datetime as dt

import pytest
import sqlalchemy as sa

from db import accounts, engine, errors, logins, tables
from db.seed import demo
from stack import addresses
from stack.demo import entrance
from tests.fixtures.database import Database

_NOW = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)
_PREFIX = "http://127.0.0.1:20003" + accounts.LINK_PATH


def _at(database: Database) -> addresses.Addresses:
    return addresses.Addresses(
        database_url=database.owner_dsn,
        ingest_database_url=database.backend_dsn,
        ingest_mqtt_url="mqtt://127.0.0.1:20002",
        fleet_mqtt_url="mqtt://127.0.0.1:20002",
        web_database_url=database.web_dsn,
        auth_database_url=database.auth_dsn,
        web_mqtt_url="mqtt://127.0.0.1:20002",
        web_port=20003,
        broker_port=20002,
        replay_password="unused",
    )


def test_the_link_is_the_demo_supervisors_and_signs_in_once(database: Database) -> None:
    with engine.connect(database.owner_dsn) as connection:
        demo.plant(connection, units=1, gateways=0)
        connection.commit()
        supervisor = connection.scalar(
            sa.select(tables.account.c.id).where(tables.account.c.login == "supervisor@demo.example")
        )

    first, second = (entrance.link(_at(database), now=_NOW) for _ in range(2))

    assert first.startswith(_PREFIX)
    assert first != second
    auth = engine.create(database.auth_dsn)
    try:
        signed_in = [logins.use_link(auth, first.removeprefix(_PREFIX), _NOW, password_hash=None) for _ in range(2)]
        used = [each and each.account_id for each in signed_in]
    finally:
        auth.dispose()
    assert supervisor is not None
    assert used == [supervisor, None]


def test_a_database_without_the_seed_has_no_link(database: Database) -> None:
    with pytest.raises(errors.DatabaseError, match="no account"):
        entrance.link(_at(database), now=_NOW)

"""Connections: what libpq is told, and how long a statement waits."""

import psycopg
import pytest
import sqlalchemy as sa

from db import engine
from tests.fixtures.database import Database


def test_every_connection_notices_a_vanished_host(database: Database) -> None:
    made = engine.create(database.backend_dsn)
    with made.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        told = driver.info.get_parameters()
    made.dispose()

    assert {name: told.get(name) for name in engine.CLIENT_PARAMETERS} == {
        "connect_timeout": "5",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "20000",
    }


def test_what_the_address_says_goes_first(database: Database) -> None:
    address = psycopg.conninfo.make_conninfo(database.backend_dsn, keepalives_idle=77, options="-c work_mem=7MB")
    with engine.open_connection(address, application_name="test", options="-c timezone=UTC") as connection:
        assert connection.info.get_parameters()["keepalives_idle"] == "77"
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_a_limited_statement_gives_up_waiting_for_a_lock(database: Database) -> None:
    limited = engine.create(database.owner_dsn, limits=engine.Limits(lock_s=0.1, statement_s=60))
    with psycopg.connect(database.owner_dsn) as holder:
        holder.execute("LOCK TABLE press")
        with limited.connect() as connection, pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            connection.execute(sa.text("SELECT count(*) FROM press"))
    limited.dispose()


def test_a_limited_statement_ends_in_time(database: Database) -> None:
    limits = engine.Limits(lock_s=60, statement_s=0.1)
    with (
        engine.open_connection(database.owner_dsn, application_name="test", limits=limits) as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("SELECT pg_sleep(60)")

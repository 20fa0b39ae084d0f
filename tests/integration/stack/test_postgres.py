from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from stack import postgres


def test_a_created_database_has_hypertables_and_geometry(postgres_server: postgres.Postgres) -> None:
    dsn = postgres_server.create_database("both_extensions")

    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE sample (at timestamptz NOT NULL, place geometry(Point, 4326))")
        connection.execute("SELECT create_hypertable('sample', by_range('at'))")
        connection.execute("INSERT INTO sample VALUES (now(), ST_SetSRID(ST_Point(24.94, 60.17), 4326))")
        (metres,) = _one(connection, "SELECT ST_X(ST_Transform(place, 3067)) FROM sample")
    assert 385_000 < metres < 387_000


def test_the_server_knows_time_zones_by_name(postgres_server: postgres.Postgres) -> None:
    with psycopg.connect(postgres_server.dsn()) as connection:
        (hour,) = _one(
            connection, "SELECT extract(hour FROM timestamptz '2026-07-01 12:00Z' AT TIME ZONE 'Europe/Helsinki')"
        )
    assert hour == 15


def test_names_sort_the_same_on_every_host(postgres_server: postgres.Postgres) -> None:
    with psycopg.connect(postgres_server.dsn()) as connection:
        (upper,) = _one(connection, "SELECT upper('ääkköset')")
    assert upper == "ÄÄKKÖSET"


def _one(connection: psycopg.Connection, query: LiteralString) -> TupleRow:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row

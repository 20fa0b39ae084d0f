from concurrent import futures

import sqlalchemy as sa

from db import engine, migrate, roles, tables
from tests.fixtures.database import Database

# Constraints and indexes to the letter, which Alembic's comparison doesn't look at; columns in their order.
CATALOGUE = """
SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname <> 'spatial_ref_sys_srid_check'
UNION ALL
SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod) || concat(' ', attnotnull, ' ', attidentity, ' ', row_number() OVER (PARTITION BY attrelid ORDER BY attnum)) || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') || coalesce(' -- ' || description, '')
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
LEFT JOIN pg_description ON objoid = attrelid AND objsubid = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT oid::regclass::text, 'options', array_to_string(reloptions, ',')
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
ORDER BY 1, 2, 3
"""


def test_an_empty_database_migrated_to_the_head_is_what_the_tables_say(empty_database: Database) -> None:
    with engine.connect(empty_database.owner_dsn) as connection:
        migrate.upgrade(connection)

        assert migrate.differences(connection) == []
        assert migrate.current(connection) == migrate.head()


def test_migrations_and_tables_make_the_same_constraints_indexes_and_columns(
    database: Database, empty_database: Database
) -> None:
    with engine.connect(empty_database.owner_dsn) as connection:
        migrate.upgrade(connection)
        migrate.downgrade(connection, migrate.BASE)
        tables.metadata.create_all(connection)
        from_tables = connection.execute(sa.text(CATALOGUE)).all()
    with engine.connect(database.owner_dsn) as connection:
        from_migrations = connection.execute(sa.text(CATALOGUE)).all()

    assert from_migrations == from_tables
    assert len(from_tables) > 100


def test_the_way_down_to_the_base_and_up_again_comes_to_the_same(empty_database: Database) -> None:
    with engine.connect(empty_database.owner_dsn) as connection:
        migrate.upgrade(connection)
        migrate.downgrade(connection, migrate.BASE)
        left = connection.execute(
            sa.text("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) LIKE 'driveops%'")
        ).all()
        migrate.upgrade(connection)

        assert left == []
        assert migrate.differences(connection) == []


def test_two_upgrades_at_once_wait_for_each_other(empty_database: Database) -> None:
    def upgrade() -> str | None:
        with engine.connect(empty_database.owner_dsn) as connection:
            migrate.upgrade(connection)
            return migrate.current(connection)

    with futures.ThreadPoolExecutor(2) as pool:
        reached = [done.result() for done in [pool.submit(upgrade), pool.submit(upgrade)]]

    assert reached == [migrate.head(), migrate.head()]


def test_every_object_belongs_to_the_owner_role_whoever_migrated(database: Database) -> None:
    with engine.connect(database.owner_dsn) as connection:
        owners = connection.execute(
            sa.text(
                "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
                "WHERE relnamespace IN ('public'::regnamespace, 'app'::regnamespace, 'auth'::regnamespace) "
                "AND relkind IN ('r', 'v', 'S', 'm') AND relname <> 'alembic_version' "
                "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"
            )
        ).scalars()

        assert list(owners) == [roles.OWNER]

import pytest
import sqlalchemy as sa

from db import check, engine, migrate, roles
from tests.fixtures.database import Database


def wrong(connection: sa.Connection) -> dict[str, str]:
    return {finding.subject: finding.detail for finding in check.run(connection) if not finding.is_right}


def test_a_migrated_database_is_right_in_everything(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        findings = check.run(connection)

    assert [finding for finding in findings if not finding.is_right] == []
    assert {"PostgreSQL", "timescaledb", "postgis", "migrations", "schema", "PostGIS projections"} <= {
        finding.subject for finding in findings
    }


def test_the_backend_role_may_look_too(backend: sa.Engine) -> None:
    with backend.connect() as connection:
        assert wrong(connection) == {}


def test_an_empty_database_lacks_extensions_and_migrations(empty_database: Database) -> None:
    with engine.connect(empty_database.owner_dsn) as connection:
        found = wrong(connection)

    assert set(found) >= {"timescaledb", "postgis", "migrations"}
    assert "run `python -m db upgrade`" in found["migrations"]


def test_a_database_that_stopped_half_way_is_told_from_the_newest(owner: sa.Engine) -> None:
    with owner.connect() as connection:
        migrate.downgrade(connection, "0003")

        assert wrong(connection) == {"migrations": f"0003; {migrate.head()} is the newest: run `python -m db upgrade`"}


@pytest.mark.parametrize(
    ("damage", "subject", "told"),
    [
        ("ALTER TABLE person ADD COLUMN shoe_size integer", "schema", "shoe_size"),
        ("ALTER TABLE alert DROP COLUMN resolution", "schema", "resolution"),
        ("DROP INDEX ix_reject_received_at", "schema", "ix_reject_received_at"),
        ("ALTER TABLE device DISABLE ROW LEVEL SECURITY", "table device", "row-level security is off"),
        ("ALTER TABLE device OWNER TO postgres", "table device", "belongs to postgres"),
    ],
)
def test_damage_is_told_where_it_is(owner: sa.Engine, damage: str, subject: str, told: str) -> None:
    with owner.connect() as connection:
        connection.execute(sa.text(damage))
        found = wrong(connection)

    assert list(found) == [subject]
    assert told in found[subject]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER ROLE driveops_web BYPASSRLS", "has bypassrls"),
        ("ALTER ROLE driveops_web SUPERUSER", "has super"),
        ("ALTER ROLE driveops_web NOLOGIN", "cannot log in"),
        ("GRANT driveops_backend TO driveops_web", "may act as driveops_backend"),
    ],
)
def test_a_role_that_may_too_much_or_too_little_is_told(owner: sa.Engine, change: str, told: str) -> None:
    # Never committed: roles belong to all databases of the server.
    with owner.connect() as connection:
        connection.execute(sa.text(change))

        assert wrong(connection) == {f"role {roles.WEB}": told}

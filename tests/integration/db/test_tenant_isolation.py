"""Tries every table and every function across tenants, as the catalogue lists them: what is new is tried or fails."""

import datetime as dt

import pytest
import sqlalchemy as sa

from db import check, engine, roles, tables
from tests.fixtures.database import Database
from tests.integration.db import two_tenants
from tests.integration.db.two_tenants import NOW, Tenant

GRANTED = """
SELECT class.oid::regclass::text FROM pg_class AS class
WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f') AND class.relnamespace::regnamespace::text IN ('public', 'app', 'auth')
    AND has_table_privilege(:role, class.oid, :privilege)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = class.oid AND deptype = 'e')
    AND class.relname <> 'alembic_version'
"""
CALLABLE = """
SELECT pronamespace::regnamespace || '.' || proname FROM pg_proc
WHERE pronamespace::regnamespace::text IN ('app', 'auth') AND has_function_privilege(:role, oid, 'EXECUTE')
"""
DAY = dt.timedelta(days=1)
# How each table tells whose a row is.
OWN = {
    "tenant": "id = :tenant_id",
    "device_latest": "device_id = :device_id",
    "activity_hourly": "device_id = :device_id",
    "receipt_daily": "device_id = :device_id",
}
OF_LOGIN = {"account", "session", "login_link", "device_code"}
OF_BACKEND = {"fix", "device_password", "sender_queue", "sender_token", "track_checkpoint", "track_state"}
AUTH_CALLS = [
    f"auth.{name}"
    for name in (
        "begin_attempt",
        "end_session",
        "find_link",
        "find_session",
        "open_session",
        "use_device_code",
        "use_link",
    )
]
# The functions that the web role may call, each tried by a test of its own below.
TRIED_FUNCTIONS = {"app.current_tenant", "app.fix_history"}


def granted(connection: sa.Connection, privilege: str, role: str = roles.WEB) -> list[str]:
    return sorted(connection.execute(sa.text(GRANTED), {"role": role, "privilege": privilege}).scalars())


def own(table: str, tenant: Tenant) -> tuple[str, dict[str, object]]:
    return OWN.get(table, "tenant_id = :tenant_id"), {"tenant_id": tenant.id, "device_id": tenant.device_id}


class TestTheWebRole:
    def test_reads_its_own_rows_of_every_table_and_no_others(
        self, owner: sa.Engine, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        ours, theirs = tenants
        with owner.connect() as connection:
            readable = granted(connection, "SELECT")

        assert set(readable) == set(tables.metadata.tables) - OF_LOGIN - OF_BACKEND
        for table in readable:
            with engine.tenant_transaction(web, ours.id) as connection:
                seen = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
                condition, parameters = own(table, ours)
                seen_own = connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE {condition}"), parameters)
                condition, parameters = own(table, theirs)
                foreign = connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE {condition}"), parameters)

                rows = two_tenants.ROWS.get(table, 1)
                assert (table, seen, seen_own.scalar_one(), foreign.scalar_one()) == (table, rows, rows, 0)

    @pytest.mark.usefixtures("tenants")
    def test_reads_nothing_without_a_tenant(self, owner: sa.Engine, web: sa.Engine) -> None:
        with owner.connect() as connection:
            readable = granted(connection, "SELECT")

        with web.connect() as connection:
            for table in readable:
                assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0

    def test_forgets_the_tenant_with_the_transaction(self, web: sa.Engine, tenants: tuple[Tenant, Tenant]) -> None:
        with web.connect() as connection:
            engine.use_tenant(connection, tenants[0].id)
            assert connection.execute(sa.select(sa.func.count()).select_from(tables.device)).scalar_one() == 1
            connection.commit()

            assert connection.execute(sa.select(sa.func.count()).select_from(tables.device)).scalar_one() == 0

    def test_changes_no_row_of_another_tenant_in_any_table(
        self, owner: sa.Engine, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        ours, theirs = tenants
        with owner.connect() as connection:
            writable = granted(connection, "UPDATE")

        assert writable != []
        for table in writable:
            condition, parameters = own(table, theirs)
            with engine.tenant_transaction(web, ours.id) as connection:
                changed = connection.execute(
                    sa.text(f"UPDATE {table} SET tenant_id = tenant_id WHERE {condition}"), parameters
                )
                assert (table, changed.rowcount) == (table, 0)

    def test_gives_no_row_to_another_tenant_in_any_table(
        self, owner: sa.Engine, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        ours, theirs = tenants
        with owner.connect() as connection:
            writable = granted(connection, "UPDATE")

        for table in writable:
            with (
                pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
                engine.tenant_transaction(web, ours.id) as connection,
            ):
                connection.execute(sa.text(f"UPDATE {table} SET tenant_id = :theirs"), {"theirs": theirs.id})

    def test_adds_no_row_to_another_tenant_in_any_table(
        self, owner: sa.Engine, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        ours, theirs = tenants
        with owner.connect() as connection:
            insertable = granted(connection, "INSERT")

        assert insertable != []
        for table in insertable:
            # Its own row again under the other's name: the policy speaks before any key does.
            columns = ", ".join(
                f'"{column.name}"' for column in tables.metadata.tables[table].columns if not column.identity
            )
            values = columns.replace('"tenant_id"', ":theirs")
            with (
                pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
                engine.tenant_transaction(web, ours.id) as connection,
            ):
                connection.execute(
                    sa.text(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}"), {"theirs": theirs.id}
                )

    def test_deletes_nothing(self, owner: sa.Engine) -> None:
        with owner.connect() as connection:
            assert granted(connection, "DELETE") == []
            assert granted(connection, "TRUNCATE") == []

    def test_reaches_neither_the_history_nor_its_chunks(
        self, owner: sa.Engine, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        with owner.connect() as connection:
            chunks = connection.execute(sa.text("SELECT show_chunks('fix')::text")).scalars().all()

        assert len(chunks) == 1
        for relation in ("fix", *chunks):
            with (
                pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
                engine.tenant_transaction(web, tenants[0].id) as connection,
            ):
                connection.execute(sa.text(f"SELECT * FROM {relation}"))

    def test_reads_the_history_of_its_own_devices_through_a_function(
        self, web: sa.Engine, tenants: tuple[Tenant, Tenant]
    ) -> None:
        ours, theirs = tenants
        query = sa.text("SELECT device_id, time, lat FROM app.fix_history(:device_id, :since, :until)")

        def history(
            device_id: int, since: dt.datetime = NOW, until: dt.datetime = NOW + DAY
        ) -> list[tuple[object, ...]]:
            with engine.tenant_transaction(web, ours.id) as connection:
                parameters = {"device_id": device_id, "since": since, "until": until}
                return [tuple(row) for row in connection.execute(query, parameters)]

        assert history(ours.device_id) == [(ours.device_id, NOW, 60.17)]
        assert history(ours.device_id, since=NOW - DAY, until=NOW) == []
        assert history(theirs.device_id) == []

    def test_may_call_no_function_but_those_tried_here(self, owner: sa.Engine) -> None:
        with owner.connect() as connection:
            callable_ = set(connection.execute(sa.text(CALLABLE), {"role": roles.WEB}).scalars())

        assert callable_ == TRIED_FUNCTIONS

    @pytest.mark.parametrize("role", [roles.BACKEND, roles.OWNER, roles.AUTH, "postgres"])
    def test_becomes_no_other_role(self, web: sa.Engine, role: str) -> None:
        with web.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text(f"SET ROLE {role}"))

    @pytest.mark.usefixtures("tenants")
    def test_switches_row_level_security_off_for_nothing(self, web: sa.Engine) -> None:
        with web.connect() as connection:
            connection.execute(sa.text("SET row_security = off"))
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
                connection.execute(sa.select(tables.device))

    def test_makes_no_objects(self, web: sa.Engine) -> None:
        with web.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.text("CREATE TABLE public.mine (id integer)"))


class TestTheOtherRoles:
    @pytest.mark.usefixtures("tenants")
    def test_the_backend_reads_every_row_of_every_table_but_those_of_the_login(
        self, owner: sa.Engine, backend: sa.Engine
    ) -> None:
        with owner.connect() as connection:
            assert set(granted(connection, "SELECT", roles.BACKEND)) == set(tables.metadata.tables) - OF_LOGIN

        with backend.connect() as connection:
            for table in tables.metadata.sorted_tables:
                if table.name in OF_LOGIN:
                    continue
                seen = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                assert (table.name, seen) == (table.name, 2 * two_tenants.ROWS.get(table.name, 1))

    @pytest.mark.usefixtures("tenants")
    def test_the_backend_changes_no_history_of_alerts(self, backend: sa.Engine) -> None:
        with backend.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            connection.execute(sa.delete(tables.alert_history))

    def test_auth_reads_no_table_and_calls_the_functions_of_its_schema_alone(
        self, owner: sa.Engine, database: Database
    ) -> None:
        with owner.connect() as connection:
            assert granted(connection, "SELECT", roles.AUTH) == []
            assert sorted(connection.execute(sa.text(CALLABLE), {"role": roles.AUTH}).scalars()) == AUTH_CALLS
        with engine.connect(database.auth_dsn) as connection:
            assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1

    def test_nobody_logs_in_with_a_wrong_password(self, database: Database) -> None:
        wrong = sa.make_url(database.web_dsn).set(password="wrong").render_as_string(hide_password=False)

        with pytest.raises(Exception, match="password authentication failed"), engine.connect(wrong):
            pass


class TestTheCheck:
    """`python -m db check` finds what a careless migration leaves open."""

    def test_finds_nothing_wrong_as_migrated(self, owner: sa.Engine) -> None:
        with owner.connect() as connection:
            findings = check.isolation(connection)

        assert [finding for finding in findings if not finding.is_right] == []
        assert {finding.subject for finding in findings} >= {"table fix", "table device"}

    @pytest.mark.parametrize(
        ("careless", "subject", "fault"),
        [
            (
                "CREATE TABLE parcel (tenant_id uuid); GRANT SELECT ON parcel TO driveops_web",
                "table parcel",
                "row-level security is off",
            ),
            (
                "CREATE TABLE parcel (tenant_id uuid); ALTER TABLE parcel ENABLE ROW LEVEL SECURITY",
                "table parcel",
                "no policy of driveops_web",
            ),
            ("CREATE POLICY all_see ON person TO driveops_web USING (true)", "table person", "policy all_see"),
            ("CREATE POLICY all_see ON person FOR SELECT USING (true)", "table person", "policy all_see"),
            (
                "CREATE POLICY all_add ON person FOR INSERT TO driveops_web WITH CHECK (true)",
                "table person",
                "policy all_add",
            ),
            ("ALTER TABLE alert DISABLE ROW LEVEL SECURITY", "table alert", "row-level security is off"),
            ("GRANT SELECT ON fix TO driveops_web", "table fix", "may SELECT"),
            ("GRANT SELECT (lat) ON fix TO driveops_web", "table fix", "may SELECT"),
            ("GRANT DELETE ON press TO driveops_web", "table press", "may DELETE"),
            (
                "CREATE VIEW app.everybody AS SELECT * FROM person; GRANT SELECT ON app.everybody TO driveops_web",
                "table app.everybody",
                "its owner's rights",
            ),
            (
                """CREATE FUNCTION app.leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public
                AS 'SELECT count(*) FROM fix'; GRANT EXECUTE ON FUNCTION app.leak() TO driveops_web""",
                "function app.leak()",
                "doesn't go by app.current_tenant()",
            ),
            (
                """CREATE FUNCTION app.leak() RETURNS uuid LANGUAGE sql SECURITY DEFINER
                AS 'SELECT app.current_tenant()'""",
                "function app.leak()",
                "without a fixed search_path",
            ),
        ],
    )
    def test_finds(self, owner: sa.Engine, careless: str, subject: str, fault: str) -> None:
        with owner.connect() as connection:
            connection.execute(sa.text(f"SET ROLE {roles.OWNER}"))
            for statement in careless.split("; "):
                connection.execute(sa.text(statement))
            connection.execute(sa.text("RESET ROLE"))
            wrong = [finding for finding in check.isolation(connection) if not finding.is_right]

        assert [finding.subject for finding in wrong] == [subject]
        assert fault in wrong[0].detail


@pytest.fixture
def database(shared_database: Database) -> Database:
    """No test here commits anything but the two tenants."""
    return shared_database


@pytest.fixture(scope="module")
def tenants(shared_database: Database) -> tuple[Tenant, Tenant]:
    with engine.connect(shared_database.owner_dsn) as connection:
        return two_tenants.populate(connection)

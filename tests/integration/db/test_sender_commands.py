"""`python -m db device token …` and `python -m db quarantine …` as an administrator runs them."""

import datetime as dt

import psycopg
import pytest
import sqlalchemy as sa

from db import quarantine, reject_log, sender_tokens
from domain.wire import broker_password
from tests.fixtures.database import Database
from tests.integration.db.command_line import Run

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def dsn(run: Run, database: Database) -> str:
    """A database with one tenant."""
    assert run(database.owner_dsn, "tenant", "add", "acme").code == 0
    return database.owner_dsn


def holder(database: Database, token: str) -> str | None:
    """Whose token it is, as the backend sees it, and whether the device is in service."""
    with psycopg.connect(database.backend_dsn) as connection:
        found = sender_tokens.find(connection, token)
    if found is None:
        return None
    return f"{found.tenant}/{found.ref.name}" + ("" if found.ref.id is None else " in service")


def refuse(database: Database, *devices: str, tenant: str = "acme", most: int = quarantine.MOST_PER_TENANT) -> None:
    """A message of each of these is not taken."""
    rejects = [
        reject_log.Reject(
            topic=f"owntracks/{tenant}/{device}",
            payload=b"x" * 10_000,
            reason="no such device",
            received_at=NOW,
            tenant=tenant,
            device=device,
        )
        for device in devices
    ]
    with psycopg.connect(database.backend_dsn) as connection:
        if most == quarantine.MOST_PER_TENANT:
            reject_log.add(connection, rejects)
        else:
            quarantine.note(connection, rejects, most=most)


def test_a_token_is_printed_once_and_kept_by_its_digest_alone(
    run: Run, database: Database, owner: sa.Engine, dsn: str
) -> None:
    made = run(dsn, "device", "token", "phone-1", "--tenant", "acme", "--create")

    assert made.code == 0, made.err
    token = made.out.strip()
    assert holder(database, token) == "acme/phone-1 in service"
    assert holder(database, token.upper().replace("-", " ")) == "acme/phone-1 in service"
    with owner.connect() as connection:
        [row] = connection.exec_driver_sql("SELECT * FROM sender_token").all()
        kind = connection.exec_driver_sql("SELECT kind FROM device").scalar_one()
    assert token not in str(row)
    assert kind == "phone"


def test_a_new_token_ends_the_one_before_and_revoking_ends_it_for_good(run: Run, database: Database, dsn: str) -> None:
    first, second = (run(dsn, "device", "token", "phone-1", "--tenant", "acme").out.strip() for _ in range(2))

    assert holder(database, first) is None
    assert holder(database, second) == "acme/phone-1", "not registered, and yet who it says"
    assert run(dsn, "device", "token", "phone-1", "--tenant", "acme", "--revoke").code == 0
    assert holder(database, second) is None
    again = run(dsn, "device", "token", "phone-1", "--tenant", "acme", "--revoke")
    assert (again.code, again.err) == (1, "error: acme/phone-1 has no token\n")


def test_a_token_may_be_the_password_at_the_broker(run: Run, owner: sa.Engine, dsn: str) -> None:
    def stored() -> str:
        with owner.connect() as connection:
            return str(connection.exec_driver_sql("SELECT hash FROM device_password").scalar_one())

    token = run(dsn, "device", "token", "phone-1", "--tenant", "acme", "--create", "--mqtt").out.strip()
    assert broker_password.matches(token, stored())

    run(dsn, "device", "token", "phone-1", "--tenant", "acme", "--revoke", "--mqtt")
    assert not broker_password.matches(token, stored())
    unknown = run(dsn, "device", "token", "phone-2", "--tenant", "acme", "--mqtt")
    assert (unknown.code, "acme has no device 'phone-2' in service" in unknown.err) == (1, True)


def test_a_name_that_no_device_can_have_is_refused(run: Run, dsn: str) -> None:
    refused = run(dsn, "device", "token", "a/b", "--tenant", "acme")

    assert refused.code == 1
    assert "'a/b' cannot be a topic level" in refused.err


def test_who_waits_is_listed_adopted_and_dismissed(run: Run, database: Database, dsn: str) -> None:
    refuse(database, "phone-1", "phone-1", "phone-2")

    listed = run(dsn, "quarantine", "list", "--tenant", "acme")
    assert [line.split("\t")[0::3] for line in listed.out.splitlines()] == [["phone-1", "2"], ["phone-2", "1"]]

    adopted = run(dsn, "quarantine", "adopt", "phone-1", "--tenant", "acme", "--label", "Dana's")
    assert (adopted.code, adopted.out) == (0, "acme/phone-1 is in service\n")
    assert "2 of its messages are among the rejects" in adopted.err
    assert adopted.err.endswith("python -m ingest replay-rejects --tenant acme --device phone-1\n")
    assert run(dsn, "device", "list", "--tenant", "acme").out == "phone-1\n"
    assert run(dsn, "quarantine", "dismiss", "phone-2", "--tenant", "acme").code == 0
    assert run(dsn, "quarantine", "list", "--tenant", "acme").out == ""
    assert "dismissed by" in run(dsn, "quarantine", "list", "--tenant", "acme", "--all").out

    for command in ("adopt", "dismiss"):
        unknown = run(dsn, "quarantine", command, "phone-9", "--tenant", "acme")
        assert (unknown.code, unknown.err) == (1, "error: no device 'phone-9' is in quarantine\n")


def test_who_is_in_service_is_no_stranger_and_who_is_retired_is_one_again(
    run: Run, database: Database, dsn: str
) -> None:
    run(dsn, "device", "add", "phone-1", "--tenant", "acme")
    refuse(database, "phone-1")
    assert run(dsn, "quarantine", "list", "--tenant", "acme").out == ""

    run(dsn, "device", "retire", "phone-1", "--tenant", "acme")
    refuse(database, "phone-1")
    assert run(dsn, "quarantine", "list", "--tenant", "acme").out.startswith("phone-1\t")

    assert run(dsn, "quarantine", "adopt", "phone-1", "--tenant", "acme").code == 0
    assert run(dsn, "device", "list", "--tenant", "acme").out == "phone-1\n"


def test_the_quarantine_is_bounded_and_counts_on_who_is_known(
    run: Run, database: Database, owner: sa.Engine, dsn: str
) -> None:
    refuse(database, *(f"phone-{number}" for number in range(5)), most=3)
    refuse(database, *(f"phone-{number}" for number in range(5)), most=3)

    with owner.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT device_name, messages, length(last_payload) FROM quarantine ORDER BY 1"
        )
        assert rows.all() == [(f"phone-{number}", 2, quarantine.MOST_BYTES) for number in range(3)]
    assert run(dsn, "quarantine", "list", "--tenant", "acme").code == 0


def test_a_tenant_that_there_is_not_has_no_strangers(database: Database, owner: sa.Engine, dsn: str) -> None:
    refuse(database, "phone-1", tenant="nobody")

    with owner.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM quarantine").scalar_one() == 0
    assert dsn


def test_who_was_adopted_takes_no_room_from_those_who_come(run: Run, database: Database, dsn: str) -> None:
    for name in ("one", "two"):
        refuse(database, name, most=2)
        assert run(dsn, "quarantine", "adopt", name, "--tenant", "acme").code == 0

    refuse(database, "three", "four", "five", most=2)

    waiting = run(dsn, "quarantine", "list", "--tenant", "acme").out.splitlines()
    assert [line.split("\t")[0] for line in waiting] == ["five", "four"]


def test_a_lost_phone_is_shut_out_at_the_broker_though_its_token_is_gone(
    run: Run, database: Database, owner: sa.Engine, dsn: str
) -> None:
    lost = ("device", "token", "phone-1", "--tenant", "acme")
    made = run(dsn, *lost, "--create", "--mqtt").out.strip()
    assert run(dsn, *lost, "--revoke").code == 0

    again = run(dsn, *lost, "--revoke", "--mqtt")

    assert (again.code, again.err) == (0, "")
    with owner.connect() as connection:
        kept = connection.exec_driver_sql("SELECT hash FROM device_password").scalar_one()
    assert not broker_password.matches(made, kept)

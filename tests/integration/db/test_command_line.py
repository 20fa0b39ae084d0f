"""`python -m db` as a person runs it."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from db import device_codes, engine, roles, tables
from tests.fixtures.database import PASSWORDS, Database
from tests.integration.db.command_line import Run


def test_it_runs_as_a_module(empty_database: Database) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "db", "check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "DATABASE_URL": empty_database.owner_dsn},
    )

    assert done.returncode == 1
    assert "WRONG  migrations: none" in done.stdout


def test_from_an_empty_database_to_one_that_is_checked_and_seeded(run: Run, empty_database: Database) -> None:
    dsn = empty_database.owner_dsn

    before = run(dsn, "check")
    upgraded, again = run(dsn, "upgrade"), run(dsn, "upgrade")
    after = run(dsn, "check")
    seeded = run(dsn, "seed", "--demo", "--units", "10", "--gateways", "1")

    assert (before.code, "WRONG  migrations" in before.out) == (1, True)
    assert (upgraded.code, again.code) == (0, 0), upgraded.err + again.err
    assert "was empty" in upgraded.out
    assert "already" in again.out
    assert (after.code, "WRONG" in after.out) == (0, False), after.out
    assert (
        seeded.out == "new: 2 tenant, 8 vehicle, 22 person, 11 device, 10 fob, 6 account, 16 geofence, 36 assignment\n"
    )


def test_the_upgrade_sets_the_passwords_that_the_environment_gives(run: Run, empty_database: Database) -> None:
    given = {"DB_WEB_PASSWORD": PASSWORDS[roles.WEB], "DB_BACKEND_PASSWORD": PASSWORDS[roles.BACKEND]}

    done = run(empty_database.owner_dsn, "upgrade", **given)

    assert done.code == 0, done.err
    assert not any(password in done.out + done.err for password in PASSWORDS.values())
    for dsn in (empty_database.web_dsn, empty_database.backend_dsn):
        with engine.connect(dsn) as connection:
            assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1


def test_a_tenant_and_its_devices_are_registered_listed_and_retired(
    run: Run, database: Database, tmp_path: Path
) -> None:
    dsn = database.owner_dsn
    table = tmp_path / "fleet.csv"
    table.write_text("label,name,kind\nThe red one,bus-3,gateway\n,bus-4,\n")

    assert run(dsn, "tenant", "add", "acme", "--name", "Acme").code == 0
    added = run(dsn, "device", "add", "--tenant", "acme", "bus-1", "bus-2", "--csv", str(table))
    retired = run(dsn, "device", "retire", "--tenant", "acme", "bus-2")
    listed = run(dsn, "device", "list", "--tenant", "acme")

    assert added.out == "4 of 4 devices are new\n", added.err
    assert retired.code == 0
    assert listed.out.split() == ["bus-1", "bus-3", "bus-4"]


def test_what_a_person_can_mend_is_told_in_a_sentence_without_a_trace(
    run: Run, database: Database, tmp_path: Path
) -> None:
    dsn = database.owner_dsn
    nameless = tmp_path / "nameless.csv"
    nameless.write_text("bus-1\nbus-2\n")
    refused = {
        "DATABASE_URL is not set": run("", "check"),
        "cannot connect to the database": run("postgresql://nobody@127.0.0.1:1/none", "check"),
        "password authentication failed": run(database.web_dsn.replace(PASSWORDS[roles.WEB], "wrong"), "check"),
        'missing "="': run("nonsense", "check"),
        "permission denied": run(database.web_dsn, "seed", "--demo"),
        "Can't locate revision identified by '0099'": run(dsn, "upgrade", "0099"),
        "DB_KEEP_FIXES_DAYS='soon'": run(dsn, "upgrade", DB_KEEP_FIXES_DAYS="soon"),
        "give --demo": run(dsn, "seed"),
        "no tenant 'acme'; there is none yet": run(dsn, "device", "add", "--tenant", "acme", "bus-1"),
        "'a b' cannot be a topic level": run(dsn, "tenant", "add", "a b"),
        "no device named": run(dsn, "device", "add", "--tenant", "acme"),
        "No such file": run(dsn, "device", "add", "--tenant", "acme", "--csv", str(tmp_path / "none.csv")),
        "one must be `name`": run(dsn, "device", "add", "--tenant", "acme", "--csv", str(nameless)),
    }

    for told, done in refused.items():
        assert (told, done.code, told in done.err, "Traceback" in done.err) == (told, 1, True, False), done.err


def test_a_database_without_a_schema_is_pointed_to_the_check(run: Run, empty_database: Database) -> None:
    done = run(empty_database.owner_dsn, "seed", "--demo")

    assert done.code == 1
    assert done.err.endswith("Is the schema up to date? `python -m db check`\n")


def test_a_device_code_is_printed_once_and_kept_as_a_digest(run: Run, database: Database, owner: sa.Engine) -> None:
    run(database.owner_dsn, "tenant", "add", "acme")
    absent = run(database.owner_dsn, "device", "code", "--tenant", "acme", "--device", "van-07")
    made = run(database.owner_dsn, "device", "code", "--tenant", "acme", "--device", "van-07", "--create")

    assert (absent.code, absent.err) == (
        1,
        "error: acme has no device 'van-07' in service; --create registers it\n",
    )
    code = made.out.strip()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert f"python -m gateway provision --server https://fleet.example.org --code {code}" in made.err
    with owner.connect() as connection:
        assert connection.scalars(sa.select(tables.device_code.c.code_sha256)).all() == [device_codes.digest(code)]


def test_used_codes_are_remembered_and_expired_ones_are_not(run: Run, database: Database, owner: sa.Engine) -> None:
    run(database.owner_dsn, "tenant", "add", "acme")
    first, second = (
        run(database.owner_dsn, "device", "code", "--tenant", "acme", "--device", "van-07", "--create").out.strip()
        for _ in range(2)
    )
    auth, now = engine.create(database.auth_dsn), dt.datetime.now(dt.UTC)
    assert device_codes.use(auth, first, now, password_hash="$7$x") == device_codes.Provisioned(
        tenant="acme", device="van-07"
    )

    assert device_codes.use(auth, second, now, password_hash="$7$y") is None
    auth.dispose()
    with owner.begin() as connection:
        device_codes.add(connection, "acme", "van-07", created_by="me", now=now + 2 * device_codes.LIFE)
        kept = connection.execute(
            sa.select(tables.device_code.c.code_sha256, tables.device_code.c.used_at).order_by(
                tables.device_code.c.created_at
            )
        ).all()

    assert [(row.code_sha256 == device_codes.digest(first), row.used_at) for row in kept] == [
        (True, now),
        (False, None),
    ]

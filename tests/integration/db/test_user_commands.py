"""`python -m db user …` as an administrator runs it."""

import datetime as dt

import pytest
import sqlalchemy as sa

from db import accounts, engine, logins
from tests.fixtures.database import Database
from tests.integration.db.command_line import Run

LOGIN = "dana@example.org"
ADD = ("user", "add", LOGIN, "--tenant", "acme", "--name", "Dana", "--role", "dispatcher")


@pytest.fixture
def dsn(run: Run, database: Database) -> str:
    """A database with one tenant."""
    assert run(database.owner_dsn, "tenant", "add", "acme", "--name", "Acme").code == 0
    return database.owner_dsn


def purpose_of(database: Database, printed: str, base_url: str = "http://127.0.0.1:8050") -> accounts.LinkPurpose:
    """What a printed link is good for, now."""
    address, token = printed.strip().rsplit("/", 1)
    assert address + "/" == base_url + accounts.LINK_PATH
    auth = engine.create(database.auth_dsn)
    found = logins.find_link(auth, token, dt.datetime.now(dt.UTC))
    auth.dispose()
    assert found is not None
    return found.purpose


def test_adding_prints_the_link_that_sets_a_password(run: Run, database: Database, dsn: str) -> None:
    added = run(dsn, *ADD, "--base-url", "https://fleet.example/")

    assert added.code == 0, added.err
    assert purpose_of(database, added.out, "https://fleet.example") is accounts.LinkPurpose.PASSWORD
    listed = run(dsn, "user", "list", "--tenant", "acme")
    assert listed.out == f"{LOGIN}\tdispatcher\tDana\tno password yet\n"


def test_a_link_sets_a_password_or_only_signs_in(run: Run, database: Database, dsn: str) -> None:
    run(dsn, *ADD)

    assert purpose_of(database, run(dsn, "user", "link", LOGIN).out) is accounts.LinkPurpose.PASSWORD
    # Logins are written as people write them.
    signs_in = run(dsn, "user", "link", LOGIN.upper(), "--sign-in")
    assert purpose_of(database, signs_in.out) is accounts.LinkPurpose.SIGN_IN


def test_disabling_takes_out_of_service_and_enabling_puts_back(run: Run, owner: sa.Engine, dsn: str) -> None:
    run(dsn, *ADD)
    with owner.begin() as connection:
        connection.execute(sa.text("UPDATE account SET password_hash = 'some hash'"))

    def state() -> str:
        return run(dsn, "user", "list", "--tenant", "acme").out.rstrip().rsplit("\t", 1)[1]

    assert state() == "active"
    assert run(dsn, "user", "disable", LOGIN).out == f"{LOGIN} disabled\n"
    assert state() == "disabled"
    refused = run(dsn, "user", "link", LOGIN)
    assert (refused.code, f"no account '{LOGIN}' in service" in refused.err) == (1, True)
    assert run(dsn, "user", "enable", LOGIN).out == f"{LOGIN} enabled\n"
    assert state() == "active"
    assert run(dsn, "user", "link", LOGIN).code == 0


def test_mistakes_are_named(run: Run, dsn: str) -> None:
    run(dsn, *ADD)
    bad_role = run(dsn, *ADD[:-1], "emperor")
    assert (bad_role.code, "'emperor' is not one of" in bad_role.err) == (2, True), bad_role.err
    refused = {
        f"there is an account '{LOGIN}' already": run(dsn, *ADD),
        "'dana' is no e-mail address": run(dsn, "user", "add", "dana", *ADD[3:]),
        "no tenant 'nowhere'": run(dsn, *ADD[:4], "nowhere", *ADD[5:]),
        "no tenant 'elsewhere'": run(dsn, "user", "list", "--tenant", "elsewhere"),
        "no account 'eve@example.org' in service": run(dsn, "user", "link", "eve@example.org"),
        "no account 'ivy@example.org'": run(dsn, "user", "disable", "ivy@example.org"),
        "no account 'pat@example.org'": run(dsn, "user", "enable", "pat@example.org"),
    }
    for told, done in refused.items():
        assert (told, done.code, told in done.err, "Traceback" in done.err) == (told, 1, True, False), done.err

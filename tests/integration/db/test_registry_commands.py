"""`python -m db device|fob|vehicle|person …` as an administrator runs them."""

import getpass
import uuid

import pytest
import sqlalchemy as sa

from db import tables
from tests.fixtures.database import Database
from tests.integration.db.command_line import Done, Run

TENANT = ("--tenant", "acme")
NOON = "2026-03-01T12:00:00+00:00"
ONE = "2026-03-01T13:00:00+00:00"


class Admin:
    def __init__(self, run: Run, dsn: str) -> None:
        self._run, self._dsn = run, dsn

    def says(self, *words: str) -> str:
        done = self.tries(*words)
        assert done.code == 0, done.err
        return done.out

    def tries(self, *words: str) -> Done:
        return self._run(self._dsn, *words, *TENANT)


@pytest.fixture
def admin(run: Run, database: Database) -> Admin:
    assert run(database.owner_dsn, "tenant", "add", "acme").code == 0
    return Admin(run, database.owner_dsn)


@pytest.fixture
def aino(admin: Admin) -> str:
    admin.says("device", "add", "phone-1")
    admin.says("fob", "add", "F1", "F2")
    admin.says("vehicle", "add", "Car 1", "--kind", "van", "--plate", "ABC-1")
    return admin.says("person", "add", "Aino", "Virtanen", "--kind", "courier", "--phone", "+358 1").strip()


def test_what_is_given_is_listed_moved_and_in_the_book(admin: Admin, aino: str) -> None:
    mikko = admin.says("person", "add", "Mikko", "Korhonen", "--kind", "security_guard").strip()
    told = admin.says("device", "assign", "phone-1", "--person", "aino virtanen", "--since", NOON)
    assert told == "device phone-1 is now assigned to person aino virtanen\n"
    assert admin.says("device", "assign", "phone-1", "--person", aino).startswith("device phone-1 is already")
    admin.says("device", "assign", "phone-1", "--person", mikko, "--since", ONE)
    admin.says("fob", "assign", "F1", "--vehicle", "Car 1", "--since", NOON, "--until", ONE)
    admin.says("person", "assign", "Mikko Korhonen", "--vehicle", "Car 1")

    assert [line.split("\t")[:4] for line in admin.says("device", "history", "phone-1").splitlines()] == [
        [ONE, "-", "phone-1", "Mikko Korhonen"],
        [NOON, ONE, "phone-1", "Aino Virtanen"],
    ]
    assert admin.says("fob", "list") == "F1\t-\t-\t-\nF2\t-\t-\t-\n"
    [vehicle] = admin.says("vehicle", "list").splitlines()
    assert vehicle.split("\t")[1:] == ["Car 1", "van", "ABC-1", "Mikko Korhonen", "-"]
    assert [line.split("\t")[2] for line in admin.says("person", "list").splitlines()] == ["Korhonen", "Virtanen"]
    assert admin.says("device", "release", "phone-1", "--of", "person") == "device phone-1 is released\n"
    assert "no person has device phone-1 then" in admin.tries("device", "release", "phone-1", "--of", "person").err


def test_what_is_retired_is_nobodys_and_out_of_the_list(admin: Admin, aino: str) -> None:
    admin.says("fob", "assign", "F1", "--person", aino, "--since", NOON)
    admin.says("device", "assign", "phone-1", "--person", aino, "--since", NOON)
    assert admin.says("person", "retire", aino) == f"person {aino} retired; 2 assignments have ended\n"
    assert admin.says("person", "list") == ""
    assert "retired 20" in admin.says("person", "list", "--all")
    assert admin.says("device", "retire", "phone-1") == "acme/phone-1 retired\n"
    assert admin.says("fob", "retire", "F1") == "fob F1 retired; 0 assignments have ended\n"
    assert admin.says("fob", "add", "F1") == "1 fobs added\n"


def test_duty_and_the_tenants_switch(admin: Admin, aino: str, run: Run, database: Database) -> None:
    assert admin.says("person", "duty", aino, "--on", "--at", NOON) == f"{aino} is now on duty\n"
    assert admin.says("person", "duty", aino, "--on") == f"{aino} is already on duty\n"
    assert "\ton duty\t" in admin.says("person", "list")
    assert admin.says("person", "duty", aino, "--off") == f"{aino} is now off duty\n"
    switched = run(database.owner_dsn, "tenant", "duty-only", "acme", "--on")
    assert switched.out == "acme keeps the positions of people on duty alone\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("device", "assign", "phone-9", "--person", "Aino Virtanen"), "no device 'phone-9' in service"),
        (("device", "assign", "phone-1", "--person", str(uuid.UUID(int=1))), "no person"),
        (("device", "assign", "phone-1", "--vehicle", "Car 9"), "no vehicle 'Car 9' in service"),
        (("fob", "assign", "F1", "--vehicle", "Car 1", "--since", "noon"), "is no time like"),
        (("fob", "assign", "F1", "--vehicle", "Car 1", "--since", "2026-03-01T12:00:00"), "a time needs its zone"),
        (("fob", "assign", "F1", "--vehicle", "Car 1", "--since", ONE, "--until", NOON), "before it begins"),
        (("person", "assign", "Aino Virtanen", "--person", "Aino Virtanen"), "can't be assigned to a person"),
        (("person", "add", "A", "B", "--kind", "king"), "'king' is none of the kinds vtc_driver"),
        (("vehicle", "add", "Car 1"), "there is a vehicle 'Car 1' already"),
        (("device", "retire", "phone-9"), "no device 'phone-9' in service"),
    ],
)
@pytest.mark.usefixtures("aino")
def test_what_is_refused_is_told_in_a_sentence(admin: Admin, words: tuple[str, ...], said: str) -> None:
    done = admin.tries(*words)

    assert (done.code, said in done.err) == (1, True), done.err
    assert "Traceback" not in done.err


def test_of_two_of_one_name_the_id_tells_which(admin: Admin, aino: str) -> None:
    admin.says("person", "add", "Aino", "Virtanen", "--kind", "courier")

    assert "2 people are called" in admin.tries("person", "retire", "Aino Virtanen").err
    assert admin.says("person", "retire", aino).startswith(f"person {aino} retired")


def test_what_is_done_by_commands_is_in_the_audit(admin: Admin, aino: str, owner: sa.Engine) -> None:
    admin.says("fob", "assign", "F1", "--person", aino, "--since", NOON)
    admin.says("fob", "release", "F1", "--of", "person", "--at", ONE)
    admin.says("person", "duty", aino, "--on")
    admin.says("fob", "retire", "F1")
    assert "needs its zone" in admin.tries("fob", "release", "F2", "--of", "person", "--at", "2026-03-01T12:00").err

    with owner.connect() as connection:
        book = connection.execute(sa.select(tables.audit).order_by(tables.audit.c.id)).all()
    assert [(line.act, line.subject) for line in book] == [
        ("registered", "devices"),
        ("registered", "fob F1"),
        ("registered", "fob F2"),
        ("registered", "vehicle Car 1"),
        ("registered", f"person {aino}"),
        ("assigned", "fob F1"),
        ("released", "fob F1"),
        ("duty_begun", f"person {aino}"),
        ("retired", "fob F1"),
    ]
    assert book[5].detail == {"to": f"person {aino}", "since": NOON}
    assert {(line.actor, line.account_id) for line in book} == {(getpass.getuser(), None)}

"""Somebody of each role, who may sign in to the seeded companies."""

import functools
from dataclasses import dataclass

import httpx
import pwdlib
import sqlalchemy as sa

from db import accounts
from db.seed import demo, roster
from domain import accounts as domain_accounts

_PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account of a test."""

    tenant: str
    login: str
    name: str
    role: domain_accounts.Role
    password: str = _PASSWORD


DISPATCHER = Person(
    tenant=roster.DEMO, login="dana@test.example", name="Dana Desk", role=domain_accounts.Role.DISPATCHER
)
MANAGER = Person(tenant=roster.DEMO, login="mona@test.example", name="Mona Board", role=domain_accounts.Role.MANAGER)
OTHER_DISPATCHER = Person(
    tenant=roster.OTHER, login="otto@test.example", name="Otto Else", role=domain_accounts.Role.DISPATCHER
)
EVERYBODY = (DISPATCHER, MANAGER, OTHER_DISPATCHER)


def employ(connection: sa.Connection) -> None:
    """Make their accounts."""
    ids = {company.slug: company.id for company in demo.COMPANIES}
    for person in EVERYBODY:
        new = accounts.NewAccount(
            login=person.login, name=person.name, role=person.role, password_hash=_hash(person.password)
        )
        accounts.add(connection, ids[person.tenant], new)
    connection.commit()


def sign_in(client: httpx.Client, person: Person) -> None:
    """Sign a program in as a browser would, by the form."""
    client.get("/login")
    form = {"login": person.login, "password": person.password, "csrf": client.cookies["driveops_form"]}
    answer = client.post("/login", data=form, follow_redirects=False)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


@functools.cache
def _hash(password: str) -> str:
    return pwdlib.PasswordHash.recommended().hash(password)

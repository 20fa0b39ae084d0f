"""A signed-in browser's requests to the running web server."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa

from api import sessions
from db import accounts as account_store
from db import tables
from domain import accounts
from tests.fixtures.web import WebProcess

SignIn = Callable[[accounts.Role], httpx.Client]


@pytest.fixture
def tenant_id(owner: sa.Engine) -> uuid.UUID:
    """A tenant with nothing in it."""
    made = uuid.uuid4()
    with owner.begin() as connection:
        connection.execute(
            sa.insert(tables.tenant).values(id=made, slug="north", name="North Patrol", time_zone="Europe/Helsinki")
        )
    return made


@pytest.fixture
def sign_in(owner: sa.Engine, web_server: WebProcess, tenant_id: uuid.UUID) -> Iterator[SignIn]:
    """Makes an account of a role and gives its session."""
    clients: list[httpx.Client] = []

    def make(role: accounts.Role) -> httpx.Client:
        login = f"{role}@north.example"
        with owner.begin() as connection:
            account_store.add(connection, tenant_id, account_store.NewAccount(login=login, name="Ann", role=role))
            path = account_store.make_link(
                connection, login, now=dt.datetime.now(dt.UTC), purpose=account_store.LinkPurpose.SIGN_IN
            )
        client = httpx.Client(base_url=web_server.url, timeout=20)
        clients.append(client)
        client.get(path)
        client.post(path, data={"csrf": client.cookies["driveops_form"]})
        assert sessions.COOKIE in client.cookies
        return client

    yield make
    for client in clients:
        client.close()

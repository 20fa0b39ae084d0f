"""Readers of pages."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator

import pytest

from api import identity
from dashboard import i18n
from domain import accounts

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def french() -> Iterator[None]:
    token = i18n.language.set("fr")
    yield
    i18n.language.reset(token)


@pytest.fixture
def sign_in() -> Iterator[Callable[[accounts.Role], accounts.Identity]]:
    tokens = []

    def sign_in(role: accounts.Role) -> accounts.Identity:
        signed_in = accounts.Identity(
            tenant_id=uuid.uuid4(),
            tenant_slug="north",
            tenant_name="North",
            time_zone="Europe/Helsinki",
            account_id=uuid.uuid4(),
            name="Ann",
            role=role,
            session_expires_at=NOW + dt.timedelta(hours=1),
        )
        tokens.append(identity.current_or_none.set(signed_in))
        return signed_in

    yield sign_in
    for token in reversed(tokens):
        identity.current_or_none.reset(token)

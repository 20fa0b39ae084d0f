"""Readers of pages, and an alert as the live socket tells it."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api import identity
from dashboard import i18n
from domain import accounts

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
AlertMaker = Callable[..., dict[str, Any]]


@pytest.fixture
def french() -> Iterator[None]:
    token = i18n.language.set("fr")
    yield
    i18n.language.reset(token)


@pytest.fixture
def make_alert() -> AlertMaker:
    def make(**changes: Any) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid4()),
            "state": "open",
            "text": "Panic button activated by Aino Laine",
            "who": "Aino Laine",
            "device_name": "GW-001",
            "fob": "F-1",
            "raised_at": "2026-11-24T11:59:00Z",
            "press_count": 1,
            "lat": 60.17,
            "lon": 24.94,
            "location_age_s": 12.0,
            "remarks": [],
            "cancelled_by_device_at": None,
            "acknowledged_by": None,
            **changes,
        }

    return make


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

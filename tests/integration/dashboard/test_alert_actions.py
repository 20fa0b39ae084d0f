"""What a dispatcher is told when an action on an alert can't be done."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from api import identity, service, settings
from dashboard import i18n, request_context
from dashboard.components import alert_actions
from domain import accounts


@pytest.fixture
def signed_in_without_a_database() -> Iterator[None]:
    """A request of a dispatcher to a server whose database is away."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    env = {"WEB_DATABASE_URL": nowhere, "WEB_AUTH_DATABASE_URL": nowhere, "WEB_MQTT_URL": "mqtt://127.0.0.1:1"}
    services = service.create(settings.Settings.from_env(env))
    dispatcher = accounts.Identity(
        tenant_id=uuid.uuid4(),
        tenant_slug="north",
        tenant_name="North",
        time_zone="Europe/Helsinki",
        account_id=uuid.uuid4(),
        name="Ann",
        role=accounts.Role.DISPATCHER,
        session_expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
    )
    served, signed_in = request_context.services.set(services), identity.current_or_none.set(dispatcher)
    yield
    identity.current_or_none.reset(signed_in)
    request_context.services.reset(served)
    services.web.dispose()
    services.auth.dispose()


@pytest.mark.usefixtures("signed_in_without_a_database")
@pytest.mark.parametrize("action", [{"action": "acknowledge"}, {"action": "resolve", "text": "False alarm"}])
@pytest.mark.parametrize(
    ("language", "told"), [("en", "The database does not answer"), ("fr", "La base de données ne répond pas")]
)
def test_a_database_that_does_not_answer_is_told(language: str, told: str, action: dict[str, str]) -> None:
    async def act() -> list[dict[str, Any]]:
        i18n.language.set(language)  # in this task's own context
        found: list[dict[str, Any]] = await alert_actions.act({**action, "alert": str(uuid.uuid4()), "at": 1})
        return found

    notices = asyncio.run(act())

    assert [(notice["color"], told in notice["message"]) for notice in notices] == [("red", True)]

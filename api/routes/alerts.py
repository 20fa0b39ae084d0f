"""GET /api/v1/alerts, one with its history, and what people do with them."""

import datetime as dt
import uuid
from typing import Annotated, Any

import fastapi
import pydantic

from api import desk, identity, lanes


class Resolution(pydantic.BaseModel):
    """How an alert ended."""

    text: Annotated[str, pydantic.Field(max_length=2_000)]


def router(at: desk.Desk, acts: lanes.Lane) -> fastapi.APIRouter:
    """The routes over a desk; people act in `acts`, beside those who only read."""
    made = fastapi.APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @made.get("")
    def alerts() -> list[dict[str, Any]]:
        """The unresolved alerts, the most urgent first."""
        return at.alerts(identity.current())

    @made.get("/{alert_id}")
    def alert(alert_id: uuid.UUID) -> dict[str, Any]:
        """An alert with its history."""
        return at.alert(identity.current(), alert_id)

    @made.post("/{alert_id}/acknowledge")
    async def acknowledge(alert_id: uuid.UUID) -> dict[str, Any]:
        """Take an alert."""
        return await acts.run(at.acknowledge, identity.current(), alert_id, dt.datetime.now(dt.UTC))

    @made.post("/{alert_id}/resolve")
    async def resolve(alert_id: uuid.UUID, resolution: Resolution) -> dict[str, Any]:
        """Say how an alert ended."""
        return await acts.run(at.resolve, identity.current(), alert_id, resolution.text, dt.datetime.now(dt.UTC))

    return made

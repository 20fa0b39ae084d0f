"""GET /api/v1/alerts, one with its history, and what people do with them."""

import datetime as dt
import uuid
from typing import Annotated, Any

import fastapi
import pydantic

from api import desk, identity


class Resolution(pydantic.BaseModel):
    """How an alert ended."""

    text: Annotated[str, pydantic.Field(max_length=2_000)]


def router(at: desk.Desk) -> fastapi.APIRouter:
    """The routes over a desk."""
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
    def acknowledge(alert_id: uuid.UUID) -> dict[str, Any]:
        """Take an alert."""
        return at.acknowledge(identity.current(), alert_id, dt.datetime.now(dt.UTC))

    @made.post("/{alert_id}/resolve")
    def resolve(alert_id: uuid.UUID, resolution: Resolution) -> dict[str, Any]:
        """Say how an alert ended."""
        return at.resolve(identity.current(), alert_id, resolution.text, dt.datetime.now(dt.UTC))

    return made

"""GET /api/v1/visits and /api/v1/geofence-events."""

import datetime as dt
import uuid
from typing import Annotated, Any

import fastapi
import pydantic

from api import fence_history_desk, identity
from db import registries
from domain import fences

_Most = Annotated[int, fastapi.Query(ge=1, le=500)]
_Before = Annotated[str | None, fastapi.Query(max_length=200, description="The `next` of the page before.")]
_Since = Annotated[
    pydantic.AwareDatetime | None, fastapi.Query(description="From when; else the day before the end is meant.")
]
_Until = Annotated[pydantic.AwareDatetime | None, fastapi.Query(description="Up to when; else up to now.")]
_Device = Annotated[
    str | None, fastapi.Query(min_length=1, max_length=registries.LONGEST_NAME, description="Its level in topics.")
]
_Fence = Annotated[uuid.UUID | None, fastapi.Query(description="Id of a fence, watched or not.")]


def router(at: fence_history_desk.FenceHistoryDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1", tags=["geofences"])

    @made.get("/visits")
    def visits(
        *,
        since: _Since = None,
        until: _Until = None,
        device: _Device = None,
        geofence: _Fence = None,
        limit: _Most = 100,
        before: _Before = None,
    ) -> dict[str, Any]:
        """Stays within a time, a part of each at least, the latest entry first; `next` is the next page's `before`."""
        asked = fence_history_desk.Asked(
            since=since, until=until, device=device, geofence=geofence, before=before, most=limit
        )
        return at.visits(identity.current(), asked, _now())

    @made.get("/geofence-events")
    def events(
        *,
        since: _Since = None,
        until: _Until = None,
        device: _Device = None,
        geofence: _Fence = None,
        kind: fences.EventKind | None = None,
        limit: _Most = 100,
        before: _Before = None,
    ) -> dict[str, Any]:
        """What happened at fences within a time, the latest first, with the reasons; `next` is the next page's `before`."""
        asked = fence_history_desk.Asked(
            since=since, until=until, device=device, geofence=geofence, kind=kind, before=before, most=limit
        )
        return at.events(identity.current(), asked, _now())

    return made


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

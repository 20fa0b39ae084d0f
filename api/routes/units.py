"""GET /api/v1/units and what belongs to one unit."""

import datetime as dt
from typing import Annotated, Any

import fastapi

from api import desk, identity

_DeviceId = Annotated[int, fastapi.Path(ge=1, le=2**31 - 1)]
_MINUTES = fastapi.Query(ge=1, le=desk.LONGEST_TRAIL_MIN, description="How far back.")

_FLAGGED = fastapi.Query(description="Show also the fixes that are left out of everything, with the reasons.")


def router(at: desk.Desk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1", tags=["units"])

    @made.get("/units")
    def units(q: Annotated[str, fastapi.Query(max_length=100)] = "") -> list[dict[str, Any]]:
        """The units whose name, label, vehicle or person holds `q`."""
        return at.units(identity.current(), _now(), q)

    @made.get("/units/{device_id}")
    def unit(device_id: _DeviceId) -> dict[str, Any]:
        """A unit with its last events."""
        return at.unit_card(identity.current(), device_id, _now())

    @made.get("/units/{device_id}/trail")
    def trail(
        *, device_id: _DeviceId, minutes: Annotated[int, _MINUTES] = 10, flagged: Annotated[bool, _FLAGGED] = False
    ) -> list[dict[str, Any]]:
        """The fixes of the last minutes, each with its `flags`."""
        return at.trail(identity.current(), device_id, _now(), minutes, with_flagged=flagged)

    @made.get("/units/{device_id}/claims")
    def claims(device_id: _DeviceId) -> list[dict[str, Any]]:
        """What a phone says of places of its user's."""
        return at.claims(identity.current(), device_id)

    return made


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

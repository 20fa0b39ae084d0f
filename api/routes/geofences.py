"""GET, POST, PATCH and DELETE /api/v1/geofences."""

import uuid
from typing import Annotated, Any

import fastapi
from starlette import status

from api import fence_desk, identity

_Form = Annotated[dict[str, Any], fastapi.Body(description="docs/geofences.md")]


def router(at: fence_desk.FenceDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1/geofences", tags=["geofences"])

    @made.get("")
    def watched() -> dict[str, Any]:
        """The watched fences as GeoJSON."""
        return at.all(identity.current())

    @made.get("/{fence_id}")
    def one(fence_id: uuid.UUID) -> dict[str, Any]:
        """A fence as it was described."""
        return at.one(identity.current(), fence_id)

    @made.post("", status_code=status.HTTP_201_CREATED)
    def add(form: _Form) -> dict[str, Any]:
        """Watch a new fence."""
        return at.add(identity.current(), form)

    @made.patch("/{fence_id}")
    def change(fence_id: uuid.UUID, form: _Form) -> dict[str, Any]:
        """Change what is named; the rest stays."""
        return at.change(identity.current(), fence_id, form)

    @made.delete("/{fence_id}", status_code=status.HTTP_204_NO_CONTENT)
    def remove(fence_id: uuid.UUID) -> None:
        """Watch it no more; what happened at it stays."""
        at.remove(identity.current(), fence_id)

    return made

"""GET /api/v1/rejects."""

from typing import Annotated, Any

import fastapi

from api import identity, rejects_desk
from db import reject_log

_Most = Annotated[int, fastapi.Query(ge=1, le=200)]
_Before = Annotated[int | None, fastapi.Query(ge=1)]


def router(at: rejects_desk.RejectsDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1/rejects", tags=["devices"])

    @made.get("")
    def rejects(
        *, limit: _Most = 50, before: _Before = None, kind: reject_log.Kind | None = None, waiting: bool = False
    ) -> dict[str, Any]:
        """Messages that could not be taken: counted by reason, and the newest; `before` an id for the next page."""
        return at.rejects(identity.current(), most=limit, before=before, kind=kind, waiting=waiting)

    return made

"""GET /api/v1/audit."""

from typing import Annotated, Any

import fastapi

from api import audit_desk, identity

_Most = Annotated[int, fastapi.Query(ge=1, le=500)]
_Before = Annotated[int | None, fastapi.Query(ge=1, le=2**63 - 1)]


def router(at: audit_desk.AuditDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1/audit", tags=["registries"])

    @made.get("")
    def audit(*, limit: _Most = 100, before: _Before = None) -> list[dict[str, Any]]:
        """Who read whose track, registered, assigned and switched what, the newest first; `before` an id for the next page."""
        return at.newest(identity.current(), most=limit, before=before)

    return made

"""Whether the web server answers; what the other parts are doing is the live socket's `vitals`."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that this process serves; asks nothing of the database or the broker, so that their absence restarts nobody."""
    return {"status": "ok"}

"""`POST /api/v1/provision`: credentials for a device's one-time code; nobody is signed in here."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from api import errors, guesses, provisioning

router = APIRouter(tags=["devices"])

_NOT_KEPT = {"Cache-Control": "no-store"}


class CodeBody(BaseModel):
    """A code as it was typed."""

    code: Annotated[str, Field(min_length=1, max_length=64)]


@router.post("/provision")
async def provision(request: Request, body: CodeBody) -> JSONResponse:
    """Answer once with the device's name, its broker and its password."""
    service: provisioning.Provisioning = request.app.state.services.provisioning
    try:
        made = await service.use(body.code, request.client.host if request.client else "")
    except guesses.TooManyGuessesError as error:
        refusal = errors.answer(error)
        refusal.headers["Retry-After"] = str(error.wait_s)
        return refusal
    return JSONResponse(_told(made), headers=_NOT_KEPT)


def _told(made: provisioning.Credentials) -> dict[str, Any]:
    place = made.broker
    return {
        "tenant": made.tenant,
        "device": made.device,
        "broker": {"host": place.host, "port": place.port, "tls": {"ca": place.ca_pem} if place.is_tls else None},
        "password": made.password,
    }

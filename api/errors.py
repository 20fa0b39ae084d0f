"""Errors on their way out: which status each domain error has, and the one shape of the answer (R10)."""

import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette import status

from domain import errors

logger = logging.getLogger(__name__)


class SettingsError(Exception):
    """A setting is missing or makes no sense; the message names it."""


class NotFoundError(errors.DomainError):
    """What was asked for is not there, or is another tenant's: the answer is the same."""

    code = "not_found"


class NotSignedInError(errors.DomainError):
    """Nobody is signed in, or no longer."""

    code = "not_signed_in"


STATUS_BY_CODE: Mapping[str, int] = {
    "not_signed_in": status.HTTP_401_UNAUTHORIZED,
    "not_permitted": status.HTTP_403_FORBIDDEN,
    "csrf": status.HTTP_403_FORBIDDEN,
    "foreign_origin": status.HTTP_403_FORBIDDEN,
    "not_found": status.HTTP_404_NOT_FOUND,
    "alert_not_found": status.HTTP_404_NOT_FOUND,
    "device_not_found": status.HTTP_404_NOT_FOUND,
    "geofence_not_found": status.HTTP_404_NOT_FOUND,
    "person_not_found": status.HTTP_404_NOT_FOUND,
    "booking_not_found": status.HTTP_404_NOT_FOUND,
    "not_in_quarantine": status.HTTP_404_NOT_FOUND,
    "already_there": status.HTTP_409_CONFLICT,
    "assignment_overlap": status.HTTP_409_CONFLICT,
    "alert_transition": status.HTTP_409_CONFLICT,
    "alert_race": status.HTTP_409_CONFLICT,
    "too_many_guesses": status.HTTP_429_TOO_MANY_REQUESTS,
    "unavailable": status.HTTP_503_SERVICE_UNAVAILABLE,
    "busy": status.HTTP_503_SERVICE_UNAVAILABLE,
}
"""Every other code of a domain error is answered with 422: the request was understood and is not allowed to be."""


UNREACHABLE = (sa.exc.OperationalError, sa.exc.TimeoutError)
"""What a database that does not answer, or not in time, raises."""


class UnavailableError(errors.DomainError):
    """The database does not answer; try again."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("the database does not answer; try again in a moment")


def body(code: str, message: str) -> dict[str, Any]:
    """The one shape of an error."""
    return {"error": {"code": code, "message": message}}


def answer(error: errors.DomainError) -> JSONResponse:
    """A domain error as an answer."""
    code = STATUS_BY_CODE.get(error.code, status.HTTP_422_UNPROCESSABLE_CONTENT)
    return JSONResponse(body(error.code, str(error)), status_code=code)


def install(app: FastAPI) -> None:
    """Let routes raise domain errors."""

    async def answer_domain_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.DomainError)
        return answer(error)

    async def answer_unreachable(_request: Request, error: Exception) -> JSONResponse:
        logger.warning("the database does not answer: %s", error)
        return answer(UnavailableError())

    app.add_exception_handler(errors.DomainError, answer_domain_error)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, answer_unreachable)

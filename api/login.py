"""Signing in and out: small pages made here, without a script, so that they work wherever the rest may not."""

import logging
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from api import errors, guard, guesses, identity, languages, login_page, passwords, sessions
from db import accounts
from domain import accounts as domain_accounts

router = APIRouter(include_in_schema=False)

_log = logging.getLogger(__name__)
_FORM_COOKIE = "driveops_form"
_BUSY_WAIT_S = 2
_MOST_LETTERS = 1_000

Text = Annotated[str, Form(max_length=_MOST_LETTERS)]
Empty = Annotated[str, Form(max_length=_MOST_LETTERS)]


@router.get("/login")
async def show(request: Request, goes_to: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form; who is signed in already goes on."""
    if identity.current_or_none.get() is not None:
        return RedirectResponse(own_path(goes_to), status_code=status.HTTP_303_SEE_OTHER)
    return _page(request, login_page.form(_language(request), goes_to=own_path(goes_to), csrf=_csrf(request)))


@router.post("/login")
async def sign_in(
    request: Request,
    login: Text,
    password: Text,
    csrf: Empty = "",
    goes_to: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Check a password; every refusal reads the same."""
    address = request.client.host if request.client else ""
    problem, status_code, wait_s = "wrong", status.HTTP_401_UNAUTHORIZED, 0
    try:
        token = await _sessions(request).sign_in(login, password, address) if _is_ours(request, csrf) else None
    except guesses.TooManyGuessesError as error:
        token, problem, status_code, wait_s = None, "many", status.HTTP_429_TOO_MANY_REQUESTS, error.wait_s
    except passwords.BusyError:
        token, problem, status_code, wait_s = None, "busy", status.HTTP_503_SERVICE_UNAVAILABLE, _BUSY_WAIT_S
    if token is not None:
        return _enter(request, token, own_path(goes_to))
    page = login_page.form(
        _language(request), goes_to=own_path(goes_to), csrf=_csrf(request), login=login, problem=problem, wait_s=wait_s
    )
    answer = _page(request, page, status_code)
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


@router.post("/logout")
async def sign_out(request: Request, csrf: Empty = "") -> Response:
    """End the session; the dashboard's form or script repeats the CSRF cookie as a field or a header."""
    cookie = request.cookies.get(sessions.CSRF_COOKIE)
    is_ours = guard.same_secret(cookie, request.headers) or _is_same(cookie, csrf)
    token = request.cookies.get(sessions.COOKIE)
    if token and not is_ours:
        return Response("the request has no CSRF token", status_code=status.HTTP_403_FORBIDDEN)
    answer: Response = RedirectResponse("/login", status_code=status.HTTP_303_SEE_OTHER)
    try:
        if token:
            await _sessions(request).sign_out(token)
    except errors.UNREACHABLE as error:
        # The session lives on in the database; this browser has it no longer.
        _log.warning("a session can't be ended: %s", error)
        answer = errors.answer(errors.UnavailableError())
    answer.delete_cookie(sessions.COOKIE)
    answer.delete_cookie(sessions.CSRF_COOKIE)
    return answer


@router.get(accounts.LINK_PATH + "{token}")
async def show_link(request: Request, token: str) -> Response:
    """A button: previews of links, which only look, don't use it up."""
    return await _link_page(request, token)


@router.post(accounts.LINK_PATH + "{token}")
async def use_link(request: Request, token: str, csrf: Empty = "", password: Empty = "") -> Response:
    """Sign in by a link, with a new password where it is one for that."""
    found = await _sessions(request).look_at_link(token)
    if found is None or not _is_ours(request, csrf):
        return await _link_page(request, token)
    new_hash = None
    if found.purpose is accounts.LinkPurpose.PASSWORD:
        if len(password) < domain_accounts.LEAST_PASSWORD_LENGTH:
            return await _link_page(request, token, is_short=True)
        with passwords.place():
            new_hash = await passwords.hash_new(password)
    session = await _sessions(request).sign_in_by_link(token, new_hash)
    return _enter(request, session, "/") if session is not None else await _link_page(request, token)


def own_path(wanted: str) -> str:
    """The path to go to after signing in; never another site's.

    >>> own_path("/alerts?id=1"), own_path("//evil.example"), own_path("https://evil.example"), own_path("//[")
    ('/alerts?id=1', '/', '/', '/')
    """
    try:
        parts = urlsplit(wanted)
    except ValueError:  # such as "//["
        return "/"
    is_own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if is_own and wanted.isprintable() else "/"


async def _link_page(request: Request, token: str, *, is_short: bool = False) -> Response:
    found = await _sessions(request).look_at_link(token)
    if found is None:
        return _page(request, login_page.dead_link(_language(request)), status.HTTP_410_GONE)
    page = login_page.link(
        _language(request),
        name=found.name,
        csrf=_csrf(request),
        asks_password=found.purpose is accounts.LinkPurpose.PASSWORD,
        is_short=is_short,
    )
    return _page(request, page, status.HTTP_422_UNPROCESSABLE_CONTENT if is_short else status.HTTP_200_OK)


def _sessions(request: Request) -> sessions.Sessions:
    found: sessions.Sessions = request.app.state.services.sessions
    return found


def _language(request: Request) -> str:
    return languages.choose(request.cookies.get(languages.COOKIE), request.headers.get("accept-language"))


def _csrf(request: Request) -> str:
    return request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)


def _is_ours(request: Request, csrf: str) -> bool:
    return _is_same(request.cookies.get(_FORM_COOKIE), csrf)


def _is_same(cookie: str | None, field: str) -> bool:
    return bool(cookie) and secrets.compare_digest((cookie or "").encode(), field.encode())


def _page(request: Request, page: login_page.Page, status_code: int = status.HTTP_200_OK) -> Response:
    answer = HTMLResponse(page.html, status_code=status_code)
    if page.csrf is not None:
        answer.set_cookie(_FORM_COOKIE, page.csrf, httponly=True, **_attributes(request))
    return answer


def _enter(request: Request, token: str, goes_to: str) -> Response:
    answer = RedirectResponse(goes_to, status_code=status.HTTP_303_SEE_OTHER)
    answer.set_cookie(sessions.COOKIE, token, httponly=True, **_attributes(request))
    answer.set_cookie(sessions.CSRF_COOKIE, secrets.token_urlsafe(32), **_attributes(request))
    answer.delete_cookie(_FORM_COOKIE)
    return answer


def _attributes(request: Request) -> dict[str, Any]:
    return {"secure": request.app.state.services.choice.is_https, "samesite": "lax", "path": "/"}

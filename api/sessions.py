"""Sessions: whose a cookie is. Each is read again after CACHE_S, so that a disabled account is out within that."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from api import passwords
from db import accounts as account_tokens
from db import logins
from domain import accounts

COOKIE = "driveops_session"
CSRF_COOKIE = "_csrf_token"  #: Dash sends it back as CSRF_HEADER
CSRF_HEADER = "x-csrftoken"
CACHE_S = 5.0
_MOST_CACHED = 10_000


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> dt.datetime:
        """Now, in UTC."""


def utc_now() -> dt.datetime:
    """The time of this machine."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    identity: accounts.Identity | None
    read_at: dt.datetime


class Sessions:
    """Who is signed in, by the tokens of their cookies."""

    def __init__(self, auth: sa.Engine, clock: Clock = utc_now) -> None:
        self._auth = auth
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

    async def find(self, token: str) -> accounts.Identity | None:
        """Whose token it is, as of at most CACHE_S ago."""
        now, key = self._clock(), account_tokens.digest(token)
        known = self._known.get(key)
        if known is None or (now - known.read_at).total_seconds() >= CACHE_S:
            known = _Known(identity=await asyncio.to_thread(logins.find_session, self._auth, token, now), read_at=now)
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            self._known[key] = known
        found = known.identity
        return found if found is not None and found.session_expires_at > now else None

    async def sign_in(self, login: str, password: str) -> str | None:
        """Open a session and return its token; None for anything wrong, as slowly for an unknown login."""
        now = self._clock()
        attempt = await asyncio.to_thread(logins.begin_attempt, self._auth, login, now)
        is_right = await passwords.verify(password, attempt.password_hash if attempt else None)
        if attempt is None or not is_right:
            return None
        return await asyncio.to_thread(logins.open_session, self._auth, attempt.account_id, now)

    async def look_at_link(self, token: str) -> logins.Link | None:
        """What a link is for; it stays unused."""
        return await asyncio.to_thread(logins.find_link, self._auth, token, self._clock())

    async def sign_in_by_link(self, token: str, password_hash: str | None) -> str | None:
        """Use a link up, open a session and return its token; None where the link can't be used."""
        now = self._clock()
        account_id = await asyncio.to_thread(
            lambda: logins.use_link(self._auth, token, now, password_hash=password_hash)
        )
        if account_id is None:
            return None
        self._known.clear()  # a new password ends the account's other sessions
        return await asyncio.to_thread(logins.open_session, self._auth, account_id, now)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await asyncio.to_thread(logins.end_session, self._auth, token, self._clock())
        self._known.pop(account_tokens.digest(token), None)

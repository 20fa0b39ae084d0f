"""Sessions: whose a cookie is. Each is read again after CACHE_S, so that a disabled account is out within that."""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from api import guesses, lanes, passwords
from db import accounts as account_tokens
from db import logins
from domain import accounts

COOKIE = "driveops_session"
CSRF_COOKIE = "_csrf_token"  #: Dash sends it back as CSRF_HEADER
CSRF_HEADER = "x-csrftoken"
CACHE_S = 5.0
_MOST_CACHED = 10_000
_THREADS = 4


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
        self._lane = lanes.Lane("sessions", _THREADS)
        self._guesses = guesses.Guesses()
        self._known: dict[bytes, _Known] = {}  # the oldest first
        self._missed: dict[bytes, _Known] = {}  # those of nobody, apart: guesses must not drive the others out
        self._asked: dict[bytes, asyncio.Task[accounts.Identity | None]] = {}

    async def find(self, token: str) -> accounts.Identity | None:
        """Whose token it is, as of at most CACHE_S ago. It counts as use of the session."""
        if not account_tokens.is_token(token):
            return None
        now, key = self._clock(), account_tokens.digest(token)
        known = self._known.get(key) or self._missed.get(key)
        if known is not None and (now - known.read_at).total_seconds() < CACHE_S:
            found = known.identity
        else:
            # One question for all who ask at once; whoever goes away meanwhile leaves it to the others.
            asked = self._asked.get(key) or self._ask(key, token, now)
            found = await asyncio.shield(asked)
        return found if found is not None and found.session_expires_at > now else None

    async def sign_in(self, login: str, password: str, address: str) -> str | None:
        """Open a session and return its token; None for anything wrong, as slowly for an unknown login.

        Raises:
            TooManyGuessesError: `address` has to wait.
            BusyError: too many people sign in at once.
        """
        now = self._clock()
        with passwords.place():
            self._guesses.begin(address, now)
            try:
                token = await self._check(login, password, now)
            except sa.exc.SQLAlchemyError:
                self._guesses.take_back(address)
                raise
        if token is not None:
            self._guesses.take_back(address)
        return token

    async def look_at_link(self, token: str) -> logins.Link | None:
        """What a link is for; it stays unused."""
        if not account_tokens.is_token(token):
            return None
        return await self._lane.run(logins.find_link, self._auth, token, self._clock())

    async def sign_in_by_link(self, token: str, password_hash: str | None) -> str | None:
        """Use a link up, open a session and return its token; None where the link can't be used."""
        signed_in = await self._lane.run(logins.use_link, self._auth, token, self._clock(), password_hash=password_hash)
        if signed_in is None:
            return None
        # A new password has ended the account's other sessions.
        self._forget(lambda found: found.account_id == signed_in.account_id)
        return signed_in.token

    async def sign_out(self, token: str) -> None:
        """End a session."""
        if not account_tokens.is_token(token):
            return
        key = account_tokens.digest(token)
        await self._lane.run(logins.end_session, self._auth, token, self._clock())
        # An answer that is still on its way may be of before.
        self._asked.pop(key, None)
        self._known.pop(key, None)

    async def _check(self, login: str, password: str, now: dt.datetime) -> str | None:
        attempt = await self._lane.run(logins.begin_attempt, self._auth, login, now)
        is_right = await passwords.verify(password, attempt.password_hash if attempt else None)
        if attempt is None or not is_right:
            return None
        return await self._lane.run(
            logins.open_session, self._auth, attempt.account_id, now, checked_hash=attempt.password_hash
        )

    def _ask(self, key: bytes, token: str, now: dt.datetime) -> "asyncio.Task[accounts.Identity | None]":
        asked = asyncio.create_task(self._lane.run(logins.find_session, self._auth, token, now))
        self._asked[key] = asked
        asked.add_done_callback(lambda done: self._learn(key, done, now))
        return asked

    def _learn(self, key: bytes, asked: "asyncio.Task[accounts.Identity | None]", now: dt.datetime) -> None:
        is_newest = self._asked.get(key) is asked
        if is_newest:
            del self._asked[key]
        if asked.cancelled() or asked.exception() is not None or not is_newest:
            return
        found = _Known(identity=asked.result(), read_at=now)
        for kept in (self._known, self._missed):
            kept.pop(key, None)
        kept = self._missed if found.identity is None else self._known
        kept[key] = found
        if len(kept) > _MOST_CACHED:
            del kept[next(iter(kept))]

    def _forget(self, is_meant: Callable[[accounts.Identity], bool]) -> None:
        self._asked.clear()
        gone = [key for key, known in self._known.items() if known.identity is not None and is_meant(known.identity)]
        for key in gone:
            del self._known[key]

"""Passwords: argon2id, in threads of their own as each takes some 50 ms, and as long for an account that doesn't exist."""

import contextlib
import functools
import threading
from collections.abc import Iterator

import pwdlib

from api import lanes
from domain import errors

MOST_AT_ONCE = 32
"""People who sign in: few are hashed at a time, the others wait for a second or two; more than that are sent away."""

_lane = lanes.Lane("passwords", 2)
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class BusyError(errors.DomainError):
    """Too many people sign in at once."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("too many people sign in just now; try again in a moment")


@contextlib.contextmanager
def place() -> Iterator[None]:
    """One of the places for those who sign in: take it before anything is counted or read.

    Raises:
        BusyError: all are taken.
    """
    if not _places.acquire(blocking=False):
        raise BusyError
    try:
        yield
    finally:
        _places.release()


async def hash_new(password: str) -> str:
    """The hash of a new password."""
    return await _lane.run(_hasher().hash, password)


async def verify(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; without a hash the answer is no, after the same work."""
    is_right = await _lane.run(_verify, password, password_hash)
    return is_right and password_hash is not None


async def warm_up() -> None:
    """Make the hash that stands in for a missing one, so that the first unknown login takes no longer than others."""
    await _lane.run(_nobodys)


def _verify(password: str, password_hash: str | None) -> bool:
    return _hasher().verify(password, password_hash or _nobodys())


@functools.cache
def _hasher() -> pwdlib.PasswordHash:
    return pwdlib.PasswordHash.recommended()


@functools.cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")

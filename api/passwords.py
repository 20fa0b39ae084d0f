"""Passwords: argon2id, in a thread as each takes some 50 ms, and as long for an account that doesn't exist."""

import asyncio
import functools

import pwdlib

LEAST_LENGTH = 10


async def hash_new(password: str) -> str:
    """The hash of a new password."""
    return await asyncio.to_thread(_hasher().hash, password)


async def verify(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; without a hash the answer is no, after the same work."""
    is_right = await asyncio.to_thread(_verify, password, password_hash or _nobodys())
    return is_right and password_hash is not None


async def warm_up() -> None:
    """Make the hash that stands in for a missing one, so that the first unknown login takes no longer than others."""
    await asyncio.to_thread(_nobodys)


def _verify(password: str, password_hash: str) -> bool:
    return _hasher().verify(password, password_hash)


@functools.cache
def _hasher() -> pwdlib.PasswordHash:
    return pwdlib.PasswordHash.recommended()


@functools.cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")

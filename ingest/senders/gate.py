"""Who may send over HTTP, and how much: tokens looked up and remembered for seconds, and a bucket of messages for each."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from db import sender_tokens

REMEMBER_S = 5.0
"""So long after it is revoked a token may still be good, and so long an unknown one is not asked for again."""
MESSAGES_PER_S, MESSAGES_AT_ONCE = 10.0, 600.0
"""Of one token: a phone that was out of reach for hours sends what it has kept."""
PRESSES_PER_S, PRESSES_AT_ONCE = 1.0, 60.0
"""Of one token: more than a person presses, so that one broken app doesn't keep the calls of others waiting."""
GUESSES_PER_S, GUESSES_AT_ONCE = 10.0, 100.0
"""Unknown tokens of one address."""
_MOST_REMEMBERED = 20_000
_TICK_S = 1e-6
"""Less than this is a matter of rounding."""

Find = Callable[[str], Awaitable[sender_tokens.Holder | None]]


class Buckets:
    """Who takes more than flows in waits: one bucket for each key, forgotten once it is full again."""

    def __init__(self, *, per_s: float, at_once: float) -> None:
        self._per_s, self._at_once = per_s, at_once
        self._full_at_s: dict[object, float] = {}

    def wait_s(self, key: object, now_s: float) -> float:
        """The seconds until there is one to take, 0 where there is."""
        wait_s = self._full_at(key, now_s) - now_s - self._at_once / self._per_s
        return wait_s if wait_s > _TICK_S else 0.0

    def take(self, key: object, now_s: float) -> float:
        """Take one if there is one; the seconds to wait otherwise."""
        wait_s = self.wait_s(key, now_s)
        if not wait_s:
            if len(self._full_at_s) >= _MOST_REMEMBERED:
                self._full_at_s = {other: at_s for other, at_s in self._full_at_s.items() if at_s > now_s}
            self._full_at_s[key] = self._full_at(key, now_s)
        return wait_s

    def _full_at(self, key: object, now_s: float) -> float:
        """When the bucket would be full again after one more is taken."""
        return max(now_s, self._full_at_s.get(key, now_s)) + 1 / self._per_s


@dataclass(frozen=True, slots=True)
class _Remembered:
    holder: sender_tokens.Holder
    until_s: float


class Gate:
    """Knows tokens."""

    def __init__(self, find: Find, clock: Callable[[], float] = time.monotonic) -> None:
        self._find, self._clock = find, clock
        self._known: dict[bytes, _Remembered] = {}  # at most all tokens that there are
        self._unknown: dict[bytes, float] = {}  # until when
        self._messages = Buckets(per_s=MESSAGES_PER_S, at_once=MESSAGES_AT_ONCE)
        self._presses = Buckets(per_s=PRESSES_PER_S, at_once=PRESSES_AT_ONCE)
        self._guesses = Buckets(per_s=GUESSES_PER_S, at_once=GUESSES_AT_ONCE)

    async def holder(self, token: str, address: str) -> tuple[sender_tokens.Holder | None, float]:
        """Who holds a token, or None and how long `address` must wait before the next guess.

        Raises:
            DatabaseAwayError: it can't be asked.
        """
        if len(token) > sender_tokens.LONGEST:
            return None, 0.0
        # Remembered by digest: the tokens themselves are nowhere in memory for longer than their request.
        digest = sender_tokens.digest(token)
        known, asked_s = self._known.get(digest), self._clock()
        if known is not None and known.until_s > asked_s:
            return known.holder, 0.0
        if self._unknown.get(digest, asked_s) > asked_s:
            return None, 0.0
        # Who was let in before is asked for again, whoever guesses behind the same address, as behind a proxy.
        if known is None and (wait_s := self._guesses.wait_s(address, asked_s)):
            return None, wait_s
        holder = await self._find(token)
        if holder is None:
            self._known.pop(digest, None)
            self._note_unknown(digest, address)
        else:
            self._known[digest] = _Remembered(holder, asked_s + REMEMBER_S)
        return holder, 0.0

    def _note_unknown(self, digest: bytes, address: str) -> None:
        now_s = self._clock()
        self._guesses.take(address, now_s)
        if len(self._unknown) >= _MOST_REMEMBERED:
            self._unknown.clear()
        self._unknown[digest] = now_s + REMEMBER_S

    def message_wait_s(self, holder: sender_tokens.Holder) -> float:
        """Count a message; the seconds that its sender must wait if it is one too many."""
        return self._messages.take((holder.ref.tenant_id, holder.ref.name), self._clock())

    def press_wait_s(self, holder: sender_tokens.Holder) -> float:
        """Count a call for help, apart from messages; the seconds to wait if it is one too many."""
        return self._presses.take((holder.ref.tenant_id, holder.ref.name), self._clock())

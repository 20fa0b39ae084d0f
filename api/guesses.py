"""Wrong passwords by the address that they come from, so that nobody goes on guessing from account to account."""

import datetime as dt
import ipaddress
import math
from dataclasses import dataclass

from domain import errors

FREE = 20  #: an office has one address
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=1), dt.timedelta(minutes=15)
FORGOTTEN_AFTER = dt.timedelta(hours=1)
FORGIVEN_EACH = dt.timedelta(minutes=10)
"""One guess is forgiven in so much time, none while one has to wait: an office that mistypes now and then stays under FREE."""
_MOST_ADDRESSES = 10_000
_MOST_DOUBLINGS = 20
_OWN_IPV6_BITS = 64  #: of these whoever has one has all


class TooManyGuessesError(errors.DomainError):
    """An address has to wait before its next guess."""

    code = "too_many_guesses"

    def __init__(self, wait: dt.timedelta) -> None:
        self.wait_s = math.ceil(wait.total_seconds())  #: whole seconds
        super().__init__(f"too many wrong guesses; try again in {self.wait_s} s")


@dataclass(slots=True)
class _Guesses:
    count: int
    last_at: dt.datetime  #: of the last that counts
    before: dt.datetime  #: the same before the guess that is being checked
    forgiven_to: dt.datetime

    def forgive(self, now: dt.datetime) -> None:
        """Count the fewer the longer it was quiet."""
        steps = (now - self.forgiven_to) // FORGIVEN_EACH
        if steps > 0:
            self.count, self.forgiven_to = max(0, self.count - steps), self.forgiven_to + steps * FORGIVEN_EACH

    def wait(self) -> dt.timedelta:
        if self.count <= FREE:
            return dt.timedelta()
        doublings = min(self.count - FREE - 1, _MOST_DOUBLINGS)
        return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


class Guesses:
    """Kept in memory: a restart forgets them, while the account's own lock stays."""

    def __init__(self) -> None:
        self._known: dict[str, _Guesses] = {}  # the least lately used first

    def begin(self, address: str, now: dt.datetime) -> None:
        """Count a guess before it is checked.

        Raises:
            TooManyGuessesError: the address has to wait; this one does not count.
        """
        key = _network(address)
        known = self._known.pop(key, None)
        if known is None or now - known.last_at >= FORGOTTEN_AFTER:
            known = _Guesses(0, now, now, now)
        self._known[key] = known
        if len(self._known) > _MOST_ADDRESSES:
            del self._known[next(iter(self._known))]
        known.forgive(now)
        left = known.last_at + known.wait() - now
        if left > dt.timedelta():
            raise TooManyGuessesError(left)
        known.count, known.before, known.last_at = known.count + 1, known.last_at, now
        known.forgiven_to = max(known.forgiven_to, now + known.wait()) if known.count > FREE else known.forgiven_to

    def take_back(self, address: str) -> None:
        """The guess was right, or was never checked."""
        known = self._known.get(_network(address))
        if known is not None:
            known.count, known.last_at = max(0, known.count - 1), known.before


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    if found.version == 4:  # noqa: PLR2004
        return str(found)
    return str(ipaddress.ip_network((int(found), _OWN_IPV6_BITS), strict=False))

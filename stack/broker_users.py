"""The broker's password file: users are added and changed while it runs; the broker reads it again on SIGHUP."""

import base64
import fcntl
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain.wire import topics
from stack import account, errors

# mosquitto_passwd's own format and figures. The passwords are random and long, so more rounds would protect nothing
# and only make ten thousand devices that reconnect at once wait for each other.
_ROUNDS, _SALT_BYTES, _SCHEME = 101, 12, "7"


def device_user(tenant: str, device: str) -> str:
    """Return the user name of a device; it is also its part of the topic."""
    return f"{topics.require_segment(tenant)}/{topics.require_segment(device)}"


def new_password() -> str:
    """Make up a password of 192 bits, safe in an address and in a configuration file."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordFile:
    """A password file that several processes may change; each change is whole or not there."""

    path: Path
    owner: account.Account = field(default_factory=account.of_servers)

    def users(self) -> list[str]:
        """Return the names in the file, in its order."""
        return list(self._read())

    def accepts(self, user: str, password: str) -> bool:
        """Tell whether the broker would let this user in."""
        stored = self._read().get(user)
        return stored is not None and matches(password, stored)

    def set(self, users: dict[str, str]) -> None:
        """Add users or change their passwords (name → password)."""
        for name in users:
            require_user(name)
        with self._locked():
            known = self._read()
            changed = {name: encoded(secret) for name, secret in users.items() if not self.accepts(name, secret)}
            if changed or not self.path.exists():
                self._write(known | changed)

    def remove(self, *users: str) -> None:
        """Take users out; a name that isn't there is no error."""
        with self._locked():
            self._write({name: stored for name, stored in self._read().items() if name not in users})

    def _read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        return dict(line.split(":", 1) for line in self.path.read_text().splitlines() if ":" in line)

    def _write(self, users: dict[str, str]) -> None:
        self.owner.write(self.path, "".join(f"{name}:{stored}\n" for name, stored in users.items()))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.path.with_name(f"{self.path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def require_user(name: str) -> None:
    """Refuse a name that would break the file or, within a topic, reach past the user's own prefix.

    Raises:
        StackError: it is neither one word nor `{tenant}/{device}`.
    """
    levels = name.split("/")
    try:
        for level in levels:
            topics.require_segment(level)
    except topics.TopicError as error:
        raise errors.StackError(f"{name!r} can't be a broker user: {error}") from error
    if len(levels) > 2:  # noqa: PLR2004 (tenant and device)
        raise errors.StackError(f"{name!r} can't be a broker user: it has more than two levels")


def encoded(password: str) -> str:
    """Hash a password as the broker stores it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"${_SCHEME}${_ROUNDS}${_base64(salt)}${_base64(_digest(password, salt, _ROUNDS))}"


def matches(password: str, stored: str) -> bool:
    """Compare a password with a stored hash."""
    try:
        _, scheme, rounds, salt, digest = stored.split("$")
        expected = base64.b64decode(digest)
        actual = _digest(password, base64.b64decode(salt), int(rounds))
    except ValueError:
        return False
    return scheme == _SCHEME and hmac.compare_digest(actual, expected)


def _digest(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()

"""The broker's password file: users are added and changed while it runs; the broker reads it again on SIGHUP."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain.wire import broker_password, topics
from stack import account, errors


def device_user(tenant: str, device: str) -> str:
    """Return the user name of a device; it is also its part of the topic."""
    return f"{topics.require_segment(tenant)}/{topics.require_segment(device)}"


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
        return stored is not None and broker_password.matches(password, stored)

    def set(self, users: dict[str, str]) -> None:
        """Add users or change their passwords (name → password)."""
        for name in users:
            require_user(name)
        with self._locked():
            known = self._read()
            changed = {
                name: broker_password.encoded(secret)
                for name, secret in users.items()
                if not self.accepts(name, secret)
            }
            if changed or not self.path.exists():
                self._write(known | changed)

    def remove(self, *users: str) -> None:
        """Take users out; a name that isn't there is no error."""
        with self._locked():
            self._write({name: stored for name, stored in self._read().items() if name not in users})

    def sync(self, hashes: Mapping[str, str | None]) -> bool:
        """Take over hashes that were made elsewhere (None: the user is out); tell whether the file changed."""
        for name in hashes:
            require_user(name)
        with self._locked():
            known = self._read()
            merged = _merged(known, hashes)
            if merged == known:
                return False
            self._write(merged)
            return True

    def is_in_step(self, hashes: Mapping[str, str | None]) -> bool:
        """Tell whether `sync` would change nothing."""
        known = self._read()
        return _merged(known, hashes) == known

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


def _merged(known: Mapping[str, str], hashes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: stored for name, stored in {**known, **hashes}.items() if stored is not None}


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

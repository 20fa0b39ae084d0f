"""A device's credentials from a one-time code: the files that are made of the server's answer."""

import itertools
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway import broker_client, configuration, errors, provision_request

PASSWORD, AUTHORITY = "broker-password", "broker-ca.pem"
_PRIVATE, _PUBLIC = 0o600, 0o644
_ADMIT_LIMIT_S, _POLL_S = 15.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The files of one device, all in the configuration's folder."""

    configuration: Path
    force: bool  #: replace what is there

    @property
    def password(self) -> Path:
        """The credentials file."""
        return self.configuration.parent / PASSWORD

    @property
    def authority(self) -> Path:
        """The certificate that the broker's must be signed by."""
        return self.configuration.parent / AUTHORITY

    def require_usable(self) -> None:
        """Find out what can be known before the code is used up.

        Raises:
            GatewayError: there are credentials already, or the folder can't be written.
        """
        probe = self.password.with_name(f"{PASSWORD}.new")
        try:
            # For others to enter as well: a service of systemd reads the configuration as a user of its own.
            probe.parent.mkdir(parents=True, exist_ok=True)
            is_there = self.password.exists()
            if not is_there or self.force:
                _write(probe, "", _PRIVATE)
                probe.unlink()
        except OSError as error:
            raise errors.GatewayError(f"cannot write {self.password}: {error.strerror}") from None
        if is_there and not self.force:
            raise errors.GatewayError(f"{self.password} is there already; --force replaces it")

    def write(self, given: provision_request.Credentials, told: Callable[[str], None]) -> None:
        """Write the credentials, and a configuration where there is none.

        Raises:
            GatewayError: a file can't be written.
        """
        try:
            _write(self.password, f"{given.password}\n", _PRIVATE)
            told(f"wrote {self.password}, readable by its owner alone")
            if given.ca_pem is not None:
                _write(self.authority, given.ca_pem, _PUBLIC)
                told(f"wrote {self.authority}")
            if self.configuration.exists() and not self.force:
                told(f"left {self.configuration} as it is")
                return
            if self.configuration.exists():
                before = _unused(self.configuration.with_name(f"{self.configuration.name}.before"))
                self.configuration.replace(before)
                told(f"kept the former configuration as {before}")
            _write(self.configuration, _toml(given), _PUBLIC)
        except OSError as error:
            raise errors.GatewayError(
                f"{error.filename}: {error.strerror}; the code is used up, ask for a new one"
            ) from None
        told(f"wrote {self.configuration}; add a [[port]] for each receiver (ls /dev/serial/by-id)")


def wait_admitted(settings: configuration.Configuration, limit_s: float = _ADMIT_LIMIT_S) -> None:
    """Give the broker the moment that it takes to hear of a new password."""
    deadline_s = time.monotonic() + limit_s
    while broker_client.probe(settings) is not None and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)


def own_configuration(at: Path, given: provision_request.Credentials) -> configuration.Configuration:
    """Read the configuration; one that was left must use what has just been written.

    Raises:
        GatewayError: it is wrong, another device's, or has its password from elsewhere.
    """
    try:
        settings = configuration.load(at)
    except errors.GatewayError as error:
        raise errors.GatewayError(
            f"the credentials are written, but the configuration is not in order\n{error}"
        ) from None
    if (settings.tenant, settings.device) != (given.tenant, given.device):
        raise errors.GatewayError(
            f"{settings.source} is {settings.tenant}/{settings.device}'s, the credentials are {given.tenant}/{given.device}'s"
        )
    if settings.broker.password != given.password:
        raise errors.GatewayError(f'{settings.source}: broker.password_file: say "{PASSWORD}" to use the new password')
    return settings


def _toml(given: provision_request.Credentials) -> str:
    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)  # JSON's strings are TOML's too

    lines = [
        "# Made by `python -m gateway provision`. docs/gateway.md explains every key.",
        "[gateway]",
        f"tenant = {quoted(given.tenant)}",
        f"device = {quoted(given.device)}",
        "",
        "[broker]",
        f"host = {quoted(given.host)}",
        f"port = {given.port}",
        f"password_file = {quoted(PASSWORD)}",
    ]
    if given.is_tls:
        lines += ["", "[broker.tls]"]
        lines += [f"ca_file = {quoted(AUTHORITY)}"] if given.ca_pem is not None else []
    return "\n".join([*lines, ""])


def _write(path: Path, text: str, mode: int) -> None:
    """Replace a file in one step; nobody else can read a private one at any moment."""
    temporary = path.with_name(f"{path.name}.writing")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the code is used up: a power cut must not take the file away
    finally:
        os.close(folder)


def _unused(path: Path) -> Path:
    """A name that is free: a configuration that somebody wrote is never overwritten."""
    names = itertools.chain([path], (path.with_name(f"{path.name}.{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())

"""Files with a secret in them: read only where no stranger can read or change them."""

import os
from pathlib import Path

from gateway.settings_table import Table

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""systemd's, where LoadCredential= puts copies of files that a service's user can't read."""


def read(table: Table, key: str, name: str) -> str:
    """The secret in a file that a key names.

    Raises:
        SettingError: it can't be read, or strangers can.
    """
    path, content = _opened(table, key, name)
    try:
        secret = content.decode().strip()
    except UnicodeDecodeError:
        raise table.error(key, f"cannot read {path}: it is not UTF-8 text") from None
    if not secret:
        raise table.error(key, f"{path} is empty")
    return secret


def file(table: Table, key: str) -> Path | None:
    """The path of a file with a secret, as a private key's.

    Raises:
        SettingError: it can't be read, or strangers can.
    """
    name = table.optional(key, str)
    return None if name is None else _opened(table, key, name)[0]


def certificate(table: Table, key: str) -> Path | None:
    """The path of a certificate, which is as secret as the private key that may stand in the same file.

    Raises:
        SettingError: it can't be read, or holds a key that strangers can read.
    """
    path = table.file(key)
    if path is None or b"PRIVATE KEY" not in path.read_bytes():
        return path
    return file(table, key)


def advice(configuration: Path, *, holds_password: bool) -> str | None:
    """What to do about a configuration with the password in it that others can read; None: nothing."""
    if not holds_password or not configuration.stat().st_mode & 0o077:
        return None
    return f"{configuration} holds the password and others can read it: chmod 600 it, or name a password_file"


def _opened(table: Table, key: str, name: str) -> tuple[Path, bytes]:
    path = _place(table, key, name)
    try:
        with path.open("rb") as opened:
            mode, content = os.fstat(opened.fileno()).st_mode, opened.read()
    except OSError as error:
        raise table.error(key, f"cannot read {path}: {error.strerror}") from None
    # The group may read: that is how systemd's LoadCredential= gives a file to a service's user.
    if mode & 0o007:
        raise table.error(key, f"{path} can be read or changed by everybody: chmod o-rwx it")
    if mode & 0o030:
        raise table.error(key, f"{path} can be changed by its group: chmod g-wx it")
    return path, content


def _place(table: Table, key: str, name: str) -> Path:
    given = Path(os.environ.get(CREDENTIALS, ""), name)
    is_there = CREDENTIALS in os.environ and Path(name).name == name and given.exists()
    return given if is_there else table.path(key, name)

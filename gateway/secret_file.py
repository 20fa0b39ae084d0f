"""Files with a secret in them: read only where no stranger can read or change them."""

from pathlib import Path

from gateway.settings_table import Table


def read(table: Table, key: str, name: str) -> str:
    """The secret in a file that a key names.

    Raises:
        SettingError: it can't be read, or strangers can.
    """
    path = table.path(name)
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise table.error(key, f"cannot read {path}: {reason}") from None
    if not secret:
        raise table.error(key, f"{path} is empty")
    _require_private(table, key, path, mode)
    return secret


def file(table: Table, key: str) -> Path | None:
    """The path of a file with a secret, as a private key's.

    Raises:
        SettingError: it can't be read, or strangers can.
    """
    path = table.file(key)
    if path is not None:
        _require_private(table, key, path, path.stat().st_mode)
    return path


def _require_private(table: Table, key: str, path: Path, mode: int) -> None:
    # The group may read: that is how systemd's LoadCredential= gives a file to a service's user.
    if mode & 0o007:
        raise table.error(key, f"{path} can be read or changed by everybody: chmod o-rwx it")
    if mode & 0o030:
        raise table.error(key, f"{path} can be changed by its group: chmod g-wx it")

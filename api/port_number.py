"""The number of a port, as the environment gives it."""

from collections.abc import Mapping

from api import errors

_HIGHEST = 65_535


def read(env: Mapping[str, str], name: str, usual: int) -> int:
    """Read a setting; the `usual` one where it is not set.

    Raises:
        SettingsError: it is no port; the message names it.
    """
    value = env.get(name) or str(usual)
    if not value.isdecimal() or not 1 <= int(value) <= _HIGHEST:
        raise errors.SettingsError(f"{name}={value!r} is not a port from 1 to {_HIGHEST}")
    return int(value)

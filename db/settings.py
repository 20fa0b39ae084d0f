"""The settings of `python -m db`: where the database is, and the passwords of its roles."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from db import errors, roles

PASSWORD_VARIABLES = {
    roles.WEB: "DB_WEB_PASSWORD",
    roles.BACKEND: "DB_BACKEND_PASSWORD",
    roles.AUTH: "DB_AUTH_PASSWORD",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment may say (docs/configuration.md has the list)."""

    database_url: str = field(repr=False)  #: the migrating user's; it may hold a password
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)  #: by role; a missing one stays as it is
    keep_fixes_days: int | None = None  #: None keeps them for ever

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            DatabaseError: a value is missing or can't be understood; the message names the variable.
        """
        url = env.get("DATABASE_URL", "")
        if not url:
            raise errors.DatabaseError("DATABASE_URL is not set; it is the migrating user's address of the database")
        return cls(
            database_url=url,
            passwords={role: env[name] for role, name in PASSWORD_VARIABLES.items() if env.get(name)},
            keep_fixes_days=_days(env, "DB_KEEP_FIXES_DAYS"),
        )


def _days(env: Mapping[str, str], name: str) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise errors.DatabaseError(f"{name}={value!r} is not a number of days from 1 on")
    return int(value)

"""The settings of the stack: where its files live, which servers it may use, which ports."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import errors

#: The folder that holds this checkout: `.driveops/` is written here.
CHECKOUT = Path(__file__).resolve().parent.parent

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything that the environment may say to the stack (docs/configuration.md has the list)."""

    cache_dir: Path  #: engine and town, shared by every checkout of this user
    state_dir: Path  #: addresses and states of the running stack, for people and for other commands
    data_dir: Path  #: databases, queues, secrets and logs of this checkout's stack
    database_url: str | None = field(default=None, repr=False)  #: an own database; then no PostgreSQL is started
    ingest_database_url: str | None = field(
        default=None, repr=False
    )  #: the backend role's address of that database, if it has a password already
    web_database_url: str | None = field(default=None, repr=False)  #: the same of the web server's role
    auth_database_url: str | None = field(default=None, repr=False)  #: the same of the role that looks logins up
    debian_mirror: str | None = None  #: address of a Debian archive; default: the one the host's apt uses
    debian_keyring: Path | None = None  #: keyring that signs it; default: the host's Signed-By
    private_engine: bool = False  #: fetch the private engine even where the host has fitting servers
    postgres_port: int | None = None
    broker_port: int | None = None
    web_port: int | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str], *, is_root: bool, checkout: Path = CHECKOUT) -> "Settings":
        """Read the settings.

        Raises:
            StackError: a value can't be understood; the message names the variable.
        """
        keyring = env.get("STACK_DEBIAN_KEYRING")
        return cls(
            cache_dir=_folder(env, "STACK_CACHE_DIR") or default_cache_dir(env, is_root=is_root),
            data_dir=_folder(env, "STACK_DATA_DIR") or default_data_dir(env, is_root=is_root, checkout=checkout),
            state_dir=_folder(env, "STACK_STATE_DIR") or checkout / ".driveops",
            database_url=env.get("DATABASE_URL") or None,
            ingest_database_url=env.get("INGEST_DATABASE_URL") or None,
            web_database_url=env.get("WEB_DATABASE_URL") or None,
            auth_database_url=env.get("WEB_AUTH_DATABASE_URL") or None,
            debian_mirror=env.get("STACK_DEBIAN_MIRROR") or None,
            debian_keyring=Path(keyring).expanduser().absolute() if keyring else None,
            private_engine=_flag(env, "STACK_PRIVATE_ENGINE"),
            postgres_port=_port(env, "STACK_POSTGRES_PORT"),
            broker_port=_port(env, "STACK_BROKER_PORT"),
            web_port=_port(env, "STACK_WEB_PORT"),
        )


def default_cache_dir(env: Mapping[str, str], *, is_root: bool) -> Path:
    """Return the cache folder that no setting has moved."""
    if is_root:
        return Path("/var/cache/driveops")
    return Path(env.get("XDG_CACHE_HOME") or _home(env) / ".cache") / "driveops"


def default_data_dir(env: Mapping[str, str], *, is_root: bool, checkout: Path) -> Path:
    """Return the data folder of one checkout: two checkouts never share a database."""
    name = hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
    if is_root:
        return Path("/var/lib/driveops") / name
    return Path(env.get("XDG_STATE_HOME") or _home(env) / ".local" / "state") / "driveops" / name


def _home(env: Mapping[str, str]) -> Path:
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value).expanduser().absolute() if value else None


def _port(env: Mapping[str, str], name: str) -> int | None:
    value = env.get(name)
    if not value:
        return None
    if not value.isdecimal() or not 0 < int(value) < 1 << 16:
        raise errors.StackError(f"{name}={value!r} is not a port (1 to 65535)")
    return int(value)


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower()
    if value not in _TRUE | _FALSE:
        raise errors.StackError(f"{name}={value!r} is neither true nor false")
    return value in _TRUE

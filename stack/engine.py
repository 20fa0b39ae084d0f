"""Where the programs of PostgreSQL and Mosquitto are: the host's if they fit, else a private engine in the cache."""

import os
from dataclasses import dataclass
from pathlib import Path

from stack import engine_fetch, errors, local_servers, recipe, settings
from stack.engine_fetch import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """The programs to run, and the environment that they need."""

    postgres_bin: Path | None  #: folder of postgres, initdb, psql, …; None where DATABASE_URL makes them needless
    mosquitto: Path
    postgres_env: dict[str, str]
    zoneinfo: Path | None  #: linked into a data folder; None: the server knows the host's
    origin: str  #: for people: "private engine" or "this system"

    def program(self, name: str) -> Path:
        """Return a PostgreSQL program by name.

        Raises:
            StackError: this engine has no PostgreSQL.
        """
        if self.postgres_bin is None:
            raise errors.StackError("no PostgreSQL was looked for, as DATABASE_URL names a database")
        return self.postgres_bin / name


def ensure(choice: settings.Settings, report: Report) -> Engine:
    """Find the engine, fetching it where it must be.

    Raises:
        EngineUnavailableError: neither is it here nor can it be fetched; the message says what is missing.
    """
    return here(choice) or private(engine_fetch.ensure(choice, report))


def here(choice: settings.Settings) -> Engine | None:
    """Return the engine if it is on this machine already."""
    found = None if choice.private_engine else local_servers.find(with_postgres=choice.database_url is None)
    if found is not None:
        return Engine(
            postgres_bin=found.postgres_bin,
            mosquitto=found.mosquitto,
            postgres_env={},
            zoneinfo=None,
            origin="this system",
        )
    tree = engine_fetch.tree(choice)
    return private(tree) if engine_fetch.is_complete(tree) else None


def private(tree: Path) -> Engine:
    """Describe a built engine."""
    return Engine(
        postgres_bin=tree / recipe.POSTGRES_BIN,
        mosquitto=tree / recipe.MOSQUITTO,
        # Without it ST_Transform silently degrades.
        postgres_env={"PROJ_DATA": os.fspath(tree / recipe.PROJ_DATA)},
        zoneinfo=tree / recipe.ZONEINFO,
        origin="private engine",
    )

"""Alembic without an alembic.ini: every call gets the connection that it works on."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import alembic.config
import alembic.util.exc
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime import migration
from alembic.script import ScriptDirectory

from db import errors, tables

HEAD = "head"
BASE = "base"
_MIGRATIONS = Path(__file__).parent / "migrations"
_EXTENSION_TABLES = frozenset({"spatial_ref_sys"})
# Two upgrades at once: the second waits for the first. The number is nothing but ours.
_LOCK = 0x647269766F7073


def upgrade(connection: sa.Connection, revision: str = HEAD) -> None:
    """Bring the database up to a revision, all the steps in one transaction.

    Raises:
        DatabaseError: there is no such revision.
    """
    with _alone(connection):
        alembic.command.upgrade(_config(connection), revision)


def downgrade(connection: sa.Connection, revision: str) -> None:
    """Take the database back to a revision; raises as `upgrade` does."""
    with _alone(connection):
        alembic.command.downgrade(_config(connection), revision)


def make_revision(connection: sa.Connection, message: str) -> Path:
    """Write the next step, drafted from the difference between the tables and the database.

    Raises:
        DatabaseError: the database isn't at the newest revision.
    """
    try:
        made = alembic.command.revision(
            _config(connection), message, autogenerate=True, rev_id=f"{len(_steps()) + 1:04d}"
        )
    except alembic.util.exc.CommandError as error:
        raise errors.DatabaseError(str(error)) from None
    assert not isinstance(made, list)
    assert made is not None
    return Path(made.path)


def head() -> str:
    """The newest revision that this code has."""
    newest = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    assert newest is not None
    return newest


def current(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None where it is empty."""
    return migration.MigrationContext.configure(connection).get_current_revision()


def differences(connection: sa.Connection) -> list[object]:
    """What Alembic would change to make the database what the tables say; empty is right."""
    context = migration.MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "include_object": is_ours}
    )
    return list(compare_metadata(context, tables.metadata))


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:  # noqa: FBT001  Alembic's signature
    """Whether Alembic is to look at an object: not at what an extension brought."""
    return not (kind == "table" and name in _EXTENSION_TABLES)


def _steps() -> list[Path]:
    return sorted((_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _config(connection: sa.Connection) -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextlib.contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Hold a lock of the session over a migration, and end its transaction."""
    connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
    connection.commit()
    try:
        yield
        connection.commit()
    except alembic.util.exc.CommandError as error:
        raise errors.DatabaseError(str(error)) from None
    finally:
        # A broken connection has given the lock back by itself.
        if not connection.invalidated:
            connection.rollback()
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
            connection.commit()

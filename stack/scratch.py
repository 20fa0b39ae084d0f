"""Throw-away servers for tests and measurements: same code as the stack's, a temporary folder, nothing kept."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stack import broker, engine, postgres, settings


def programs() -> engine.Engine:
    """Return the engine by the environment's settings, fetched quietly if it must be."""
    return engine.ensure(choice(), lambda _step, _share: None)


def choice() -> settings.Settings:
    """Return the settings, without DATABASE_URL: whatever that names, someone may care about it."""
    read = settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0)
    return replace(read, database_url=None, ingest_database_url=None)


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Make a temporary folder that the servers' account may enter too; it is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix=f"driveops-{prefix}-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def running_postgres(servers: engine.Engine | None = None) -> Iterator[postgres.Postgres]:
    """Run a PostgreSQL that doesn't survive the block, nor waits for disks."""
    with (
        folder("postgres") as path,
        postgres.Postgres(programs=servers or programs(), folder=path, durable=False) as server,
    ):
        yield server


@contextmanager
def running_broker(
    servers: engine.Engine | None = None, users: dict[str, str] | None = None
) -> Iterator[broker.Broker]:
    """Run a broker that doesn't survive the block; `users` are let in (name → password)."""
    with folder("broker") as path, broker.Broker(programs=servers or programs(), folder=path) as server:
        server.set_users(users or {})
        yield server

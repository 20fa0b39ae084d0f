"""A private PostgreSQL with TimescaleDB and PostGIS: made, started, checked and stopped."""

import itertools
import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from stack import account, engine, errors, ports, postgres_config, processes, recipe, server

NAME = "PostgreSQL"
SUPERUSER = "postgres"
EXTENSIONS = ("timescaledb", "postgis")
_STOP_LIMIT_S = 30.0


@dataclass(kw_only=True, slots=True)
class Postgres:
    """A server on a folder of its own; a context manager starts and stops it.

    Args:
        folder: holds the cluster, the superuser's password and the log; survives a stop.
        databases: made on the first start.
        new_password: the superuser's in a cluster that is made; default: made up.
        durable: False gives up crash safety for speed, for tests that never cut the power.
    """

    programs: engine.Engine
    folder: Path
    databases: tuple[str, ...] = ()
    new_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    durable: bool = True
    port: int = 0
    owner: account.Account = field(default_factory=account.of_servers)
    process: server.Server = field(init=False)
    name: str = NAME
    once: bool = False
    start_limit_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGINT  #: cut clients off, write everything, end

    def __post_init__(self) -> None:
        self.process = server.Server(self.name, self.folder / "postgres.log")

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.folder / "postgres"

    @property
    def password(self) -> str:
        """The superuser's password."""
        return (self.folder / "postgres.password").read_text()

    def dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return the address of a database as libpq and SQLAlchemy's psycopg dialect understand it."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Launch the server and wait until it takes queries.

        Raises:
            ServerFailedError: it doesn't come up; the message ends with the log's last lines.
        """
        self.launch()
        self.process.wait_until(self.is_ready, limit_s=self.start_limit_s)

    def launch(self) -> None:
        """Make the cluster if there is none yet, and start the server without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.owner.check_reaches(self.folder)
        self.owner.check_reaches(self.programs.program("postgres").parent)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self.port = self.port or ports.free()
        text = postgres_config.render(port=self.port, durable=self.durable)
        self.owner.write(self.data / "postgresql.conf", text)
        self._link_zones()
        self._clear_stale_lock()
        command = [str(self.programs.program("postgres")), "-D", str(self.data)]
        # It reads its configuration before it goes to its folder, and the path of the zones is relative.
        self.process.start(command, env=self._env(), rights=self.owner.popen_rights(self.data))

    def stop(self) -> None:
        """Stop at once but cleanly: clients are cut off, everything committed is on disk."""
        self.process.stop(self.stop_signal, limit_s=_STOP_LIMIT_S, by_force=signal.SIGQUIT)

    def kill(self) -> None:
        """End the server and all its sessions as a power cut would."""
        # Each session has a process group of its own.
        sessions = processes.children(self.process.pid)
        self.process.kill()
        for session in sessions:
            processes.end(session, signal.SIGKILL, limit_s=_STOP_LIMIT_S)

    def owns(self, pid: int) -> bool:
        """Tell whether a process is a server on our data folder, whoever started it."""
        return ("-D", str(self.data)) in itertools.pairwise(processes.command(pid))

    def is_running(self) -> bool:
        """Tell whether the server's process lives."""
        return self.process.is_running()

    @property
    def exit_code(self) -> int | None:
        """How the last run ended."""
        return self.process.exit_code

    def is_ready(self) -> bool:
        """Tell whether the server answers a query; on its first answer it gets the databases that it must have."""
        try:
            with psycopg.connect(self.dsn(), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        while self.databases:
            self.ensure_database(self.databases[0])
            self.databases = self.databases[1:]
        return True

    def ensure_database(self, name: str) -> None:
        """Create a database unless it is there."""
        with psycopg.connect(self.dsn()) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not found:
            self.create_database(name)

    def create_database(self, name: str, *, owner: str | None = None) -> str:
        """Create a database with both extensions, owned by a role that exists; return the superuser's DSN of it."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(owner or SUPERUSER)))
        with psycopg.connect(self.dsn(name), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
        return self.dsn(name)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_cluster(self) -> None:
        # A folder without PG_VERSION is what an interrupted initdb has left.
        shutil.rmtree(self.data, ignore_errors=True)
        self.owner.folder(self.data)
        secret = self.folder / "postgres.password"
        self.owner.write(secret, self.new_password)
        command = [
            str(self.programs.program("initdb")),
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            *([] if self.durable else ["--no-sync"]),
            # The password is random and long, so nothing is gained by many rounds, and connecting is faster.
            "--set=scram_iterations=1",
            # The one zone that needs no file: the link to the zones can't be there yet, initdb wants an empty folder.
            "--set=timezone=GMT",
            "--set=log_timezone=GMT",
        ]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env=self._env(),
            timeout=120,
            **self.owner.popen_rights(),
        )
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise errors.ServerFailedError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _clear_stale_lock(self) -> None:
        """Remove a dead server's lock whose process number something else has now; PostgreSQL would refuse to start."""
        lock = self.data / "postmaster.pid"
        first = lock.read_text().partition("\n")[0] if lock.exists() else ""
        if first.isdecimal() and not self.owns(int(first)):
            lock.unlink()

    def _link_zones(self) -> None:
        if self.programs.zoneinfo is not None:
            link = self.data / recipe.RELATIVE_ZONEINFO
            link.unlink(missing_ok=True)
            link.symlink_to(self.programs.zoneinfo)

    def _env(self) -> dict[str, str]:
        # Only what the server needs: PGDATA, PGPORT and the like of the caller would mislead it.
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **self.programs.postgres_env}

"""A stack of its own for one test: `python -m stack …` on folders that are gone afterwards."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from stack import processes, settings, state
from tests.integration.stack.mqtt_probe import wait_for

_LIMIT_S = 60.0
_NOT_OURS = ("DATABASE_URL", "INGEST_DATABASE_URL", "WEB_")  # addresses of another stack


@dataclass
class Checkout:
    """The folders and the environment of one stack."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        return kept | {"STACK_DATA_DIR": str(self.data), "STACK_STATE_DIR": str(self.folder / "state")} | self.extra

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command of the stack to its end; return all that it said."""
        done = subprocess.run(
            [sys.executable, "-m", "stack", *arguments],
            check=False,
            env=self.env,
            cwd=settings.CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT_S,
        )
        assert done.returncode == code, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    def up(self, *parts: str) -> subprocess.Popen[str]:
        """Start a supervisor in the foreground and wait until everything is up."""
        command = [sys.executable, "-m", "stack", "up", *(f"--only={part}" for part in parts)]
        supervisor = subprocess.Popen(
            command, env=self.env, cwd=settings.CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.started.append(supervisor)
        wait_for(lambda: supervisor.poll() is not None or self.is_up(), _LIMIT_S)
        assert supervisor.poll() is None, supervisor.communicate()[0]
        return supervisor

    def is_up(self) -> bool:
        found = state.read(self.folder / "state")
        return found is not None and found.is_up and found.supervisor.is_alive()

    def look(self) -> state.State:
        found = state.read(self.folder / "state")
        assert found is not None
        return found

    def service(self, name: str) -> state.Service:
        return next(service for service in self.look().services if service.name == name)

    def server_processes(self) -> list[processes.Identity]:
        """The servers on our folder, whoever is their parent."""
        return processes.find(lambda pid: any(str(self.data) in word for word in processes.command(pid)))

    def end(self) -> None:
        """Leave nothing behind, whatever the test has done."""
        for supervisor in self.started:
            if supervisor.poll() is None:
                supervisor.send_signal(signal.SIGTERM)
            supervisor.communicate(timeout=_LIMIT_S)
        self.run("down")
        assert self.server_processes() == []


def checkout(folder: Path) -> Iterator[Checkout]:
    made = Checkout(folder)
    try:
        yield made
    finally:
        made.end()

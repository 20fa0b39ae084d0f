"""Commands of `python -m db`, run in the tests' own process."""

import sys

import pytest

from db import cli
from tests.integration.db.command_line import Done, Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: starting another takes a second each time."""

    def run_here(dsn: str, *arguments: str, **env: str) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["db", *arguments])
            for name, value in {"DATABASE_URL": dsn, **env}.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as left:
                cli.main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return run_here

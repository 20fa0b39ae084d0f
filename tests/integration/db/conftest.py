"""Commands of `python -m db`, run in the tests' own process, and two companies with a row in every table."""

import sys

import pytest
import sqlalchemy as sa

from db import cli
from tests.integration.db import two_tenants
from tests.integration.db.command_line import Done, Run
from tests.integration.db.two_tenants import Tenant


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


@pytest.fixture
def tenants(owner: sa.Engine) -> tuple[Tenant, Tenant]:
    with owner.connect() as connection:
        return two_tenants.populate(connection)


@pytest.fixture
def ours(tenants: tuple[Tenant, Tenant]) -> Tenant:
    return tenants[0]


@pytest.fixture
def theirs(tenants: tuple[Tenant, Tenant]) -> Tenant:
    return tenants[1]

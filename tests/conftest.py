"""What every test shares: the fixtures of real servers, their versions in the report's head, and no silent skips."""

import os
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from stack import engine, engine_fetch, errors, scratch

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.broker",
    "tests.fixtures.database",
    "tests.fixtures.ingest",
    "tests.fixtures.web",
]

#: The one thing a test may do without on a build machine: recorded input that isn't part of this repository.
_MAY_BE_ABSENT = "shared captures"
_REAL_PARTS = {"integration", "system", "contract", "browser"}


def pytest_report_header() -> list[str]:
    try:
        choice = scratch.choice()
        found = engine.here(choice)
    except errors.StackError as error:
        return [f"servers: {error}"]
    if found is None:
        return [f"servers: fetched by the first test that needs them, into {engine_fetch.tree(choice)}"]
    lines = [_first_line(found.program("postgres"), "--version"), _first_line(found.mosquitto, "-h")]
    return [f"servers ({found.origin}): {', '.join(lines)}"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    is_real = not _REAL_PARTS.isdisjoint(Path(item.path).parts)
    if os.environ.get("CI") == "true" and is_real and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr)
        if _MAY_BE_ABSENT not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped where CI=true, so nothing was tested: {reason}"
    return report


def _first_line(program: Path, argument: str) -> str:
    done = subprocess.run([program, argument], check=False, capture_output=True, text=True, timeout=20)
    return (done.stdout or done.stderr).partition("\n")[0]

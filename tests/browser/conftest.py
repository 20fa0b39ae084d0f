"""A real browser before the real web server, database, broker and ingest."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright import sync_api

from db import engine
from db.seed import demo
from stack import scratch, web_vendor
from tests.browser import people, town, visitor
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestProcess
from tests.fixtures.web import WebProcess

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--mute-audio",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(180))


# Of a module, not of the session: Playwright keeps an event loop in this thread, and other tests run their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium fonts-dejavu-core (as root `make setup` does it)")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    folder = web_vendor.ensure(scratch.choice().cache_dir, lambda _step, _share: None)
    return (folder / web_vendor.FOR_TESTS / "axe.min.js").read_text()


@pytest.fixture
def seeded(database: Database) -> Database:
    """The demo's companies with a few units, and somebody of each role who may sign in."""
    with engine.connect(database.owner_dsn) as connection:
        demo.plant(connection, units=town.UNITS, gateways=town.VANS)
        people.employ(connection)
    return database


@pytest.fixture
def site(seeded: Database, ingest: IngestProcess, web_server: WebProcess) -> WebProcess:
    """The whole of it at work."""
    return web_server


@pytest.fixture
def streets(site: WebProcess, broker: RunningBroker) -> Iterator[town.Town]:
    """The town; it stands still until it is told to move."""
    made = town.Town(broker.url("fleet"))
    yield made
    made.close()


Visit = Callable[..., visitor.Visitor]


@pytest.fixture
def visit(browser: sync_api.Browser, site: WebProcess) -> Iterator[Visit]:
    """Opens a browser of somebody's own, signed in as `person` unless that is None; at the end nothing may have been amiss."""
    made: list[visitor.Visitor] = []

    def open_one(person: people.Person | None = people.DISPATCHER, **context: Any) -> visitor.Visitor:
        visiting = visitor.Visitor(browser, site.url, **context)
        made.append(visiting)
        if person is not None:
            visiting.sign_in(person.login, person.password)
        return visiting

    yield open_one
    complaints = [complaint for visiting in made for complaint in visiting.complaints]
    for visiting in made:
        visiting.close()
    assert complaints == []

"""Whatever dies, the open page says so, comes back by itself and misses no alert."""

import pytest
from playwright import sync_api

from stack import postgres
from tests.browser import town, visitor
from tests.browser.conftest import Visit
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.fixtures.web import WebProcess

pytestmark = pytest.mark.timeout(240)
_LIMIT_MS = 60_000


@pytest.fixture
def dana(visit: Visit, streets: town.Town) -> visitor.Visitor:
    """A dispatcher whose page shows everything at work."""
    streets.move()
    visiting = visit()
    sync_api.expect(badge(visiting)).to_have_attribute("data-state", "open", timeout=_LIMIT_MS)
    visiting.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["units"] > 0)
    return visiting


def badge(dana: visitor.Visitor) -> sync_api.Locator:
    return dana.page.locator("#connection-badge")


def is_back(dana: visitor.Visitor) -> None:
    sync_api.expect(badge(dana)).to_have_attribute("data-state", "open", timeout=_LIMIT_MS)
    sync_api.expect(dana.page.locator("#alert-banner")).to_contain_text("Panic button", timeout=_LIMIT_MS)
    # What the browser itself logs of a connection that is refused is no fault of the page.
    for expected in ("WebSocket connection", "Failed to load resource", "ERR_", "status 5"):
        dana.forgive(expected)


def says_so(dana: visitor.Visitor, streets: town.Town, state: str) -> None:
    """The page tells it, and meanwhile somebody needs help."""
    sync_api.expect(badge(dana)).to_have_attribute("data-state", state, timeout=_LIMIT_MS)
    streets.press(town.of_demo()[1])


def test_the_web_server_dies(dana: visitor.Visitor, streets: town.Town, site: WebProcess) -> None:
    site.kill()
    says_so(dana, streets, "dead")

    site.start()

    is_back(dana)


def test_ingest_dies(dana: visitor.Visitor, streets: town.Town, ingest: IngestProcess) -> None:
    ingest.kill()
    says_so(dana, streets, "degraded")

    ingest.start()

    is_back(dana)


def test_the_broker_dies(dana: visitor.Visitor, streets: town.Town, broker: RunningBroker) -> None:
    broker.kill()
    says_so(dana, streets, "degraded")

    broker.start()

    is_back(dana)


def test_the_database_dies(dana: visitor.Visitor, streets: town.Town, postgres_server: postgres.Postgres) -> None:
    postgres_server.kill()
    try:
        says_so(dana, streets, "degraded")
    finally:
        postgres_server.start()

    is_back(dana)

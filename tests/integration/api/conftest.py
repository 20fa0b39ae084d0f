"""A web server between a real database, broker and ingest, and those who speak to it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestFactory, IngestProcess
from tests.integration.api import live_site
from tests.integration.api.live_site import Fleet, Site


@pytest.fixture
def site(database: Database, broker: RunningBroker, owner: sa.Engine) -> Iterator[Site]:
    with live_site.running(database, broker, owner) as made:
        made.add_tenant("acme")
        made.add_tenant("other")
        yield made


@pytest.fixture
def at_work(site: Site, make_ingest: IngestFactory) -> IngestProcess:
    """Ingest, started once the devices are registered."""
    process = make_ingest(INGEST_LIVE_INTERVAL_S="0.2")
    process.start()
    process.wait_until_at_work()
    return process


@pytest.fixture
def fleet(broker: RunningBroker, at_work: IngestProcess) -> Iterator[Fleet]:
    made = Fleet(broker)
    yield made
    made.close()


@pytest.fixture
def dana(site: Site) -> str:
    return site.sign_in("acme", "Dana")

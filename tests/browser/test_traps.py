"""What Dash on FastAPI gets wrong unless it is helped (docs/decisions/0012)."""

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from tests.browser import people, town, visitor
from tests.browser.conftest import Visit
from tests.fixtures.web import WebProcess
from tests.integration.gateway import ends


@pytest.fixture
def mona(site: WebProcess) -> Iterator[httpx.Client]:
    """A manager's program."""
    with httpx.Client(base_url=site.url, headers={"Origin": site.url}, timeout=20) as client:
        people.sign_in(client, people.MANAGER)
        yield client


def test_the_first_request_to_a_sub_page_has_its_assets(mona: httpx.Client) -> None:
    page = mona.get("/alerts").text

    assert "assets/live_socket.js" in page
    assert ".css" in page


def test_an_unknown_path_of_the_interface_is_not_found(mona: httpx.Client) -> None:
    answer = mona.get("/api/v1/nothing-here")

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json()["error"]["code"] == "not_found"


def test_a_slow_callback_does_not_freeze_the_socket(visit: Visit, streets: town.Town, owner: sa.Engine) -> None:
    streets.move()
    dana = visit(people.DISPATCHER)
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["units"] > 0)

    with owner.connect() as holder, owner.connect() as watcher:
        # The next refresh of the unit list waits for this table; the positions need it not.
        holder.execute(sa.text("LOCK TABLE device_status IN ACCESS EXCLUSIVE MODE"))
        ends.eventually(lambda: waiting(watcher) > 0, "a callback waits", limit_s=20)
        before = dana.evaluate(visitor.MAP_STATS)["frames"]
        dana.wait_for(visitor.MAP_STATS, lambda stats: stats["frames"] >= before + 2)

        assert waiting(watcher) > 0


def waiting(connection: sa.Connection) -> int:
    """How many wait for the table."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'device_status'::regclass"
    return int(connection.execute(sa.text(query)).scalar_one())

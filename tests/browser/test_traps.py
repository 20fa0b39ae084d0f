"""What Dash on FastAPI gets wrong unless it is helped (docs/decisions/0012)."""

from collections.abc import Iterator

import httpx
import pytest
from playwright import sync_api

from tests.browser import people
from tests.browser.conftest import Visit
from tests.fixtures.web import WebProcess


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


def test_a_slow_callback_does_not_freeze_the_socket(visit: Visit) -> None:
    mona = visit(people.MANAGER)
    mona.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")

    mona.page.goto("/today")

    sync_api.expect(mona.page.locator("#today-content")).to_be_visible()
    mona.wait_for("() => window.driveops.state", lambda state: state == "open")

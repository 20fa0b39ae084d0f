"""Nobody sees anything without an account, and nobody another company's."""

import datetime as dt

import httpx
import pytest
import sqlalchemy as sa
from playwright import sync_api

from db import tables
from tests.browser import people
from tests.browser.conftest import Visit
from tests.fixtures.web import WebProcess


def test_a_dispatcher_signs_in_and_out(visit: Visit) -> None:
    dana = visit(people.DISPATCHER)
    sync_api.expect(dana.page.locator("#live-map")).to_be_visible()

    dana.page.locator("#account-menu").click()
    dana.page.get_by_role("button", name="Sign out").click()

    sync_api.expect(dana.page.get_by_role("button", name="Sign in")).to_be_visible()
    dana.page.goto("/alerts")
    sync_api.expect(dana.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_refused_in_words(visit: Visit) -> None:
    nobody = visit(None)

    nobody.sign_in(people.DISPATCHER.login, "not the password")

    sync_api.expect(nobody.page.get_by_role("alert")).to_be_visible()
    sync_api.expect(nobody.page.locator("#live-map")).to_have_count(0)
    nobody.forgive("401")


@pytest.mark.parametrize("path", ["/", "/alerts", "/today", "/assets/live_socket.js", "/api/v1/units", "/_dash-layout"])
def test_nothing_is_shown_to_nobody(site: WebProcess, path: str) -> None:
    answer = httpx.get(site.url + path, follow_redirects=False)

    assert answer.status_code in {303, 401}


def test_a_dispatcher_may_not_see_the_figures(visit: Visit) -> None:
    dana = visit(people.DISPATCHER)

    dana.page.goto("/today")

    sync_api.expect(dana.page.locator("#today-content[role=alert]")).to_contain_text("does not allow")


def test_a_page_is_told_in_time_that_its_session_ends(visit: Visit, owner: sa.Engine) -> None:
    dana = visit(people.DISPATCHER)
    sync_api.expect(dana.page.locator("#live-map")).to_be_visible()

    with owner.begin() as connection:
        ends_at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=8)
        connection.execute(sa.update(tables.session).values(expires_at=ends_at))

    told = dana.page.get_by_text("Your session is about to end")
    sync_api.expect(told).to_be_visible(timeout=20_000)
    sync_api.expect(dana.page.get_by_text("Sign out and in again before")).to_be_visible()

    dana.page.reload()  # a page that is opened late is told as well, though it hears of it before it has its words

    sync_api.expect(told).to_be_visible(timeout=20_000)


def test_a_page_whose_place_was_taken_says_so_and_stays_out(visit: Visit) -> None:
    dana = visit()
    dana.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")

    dana.evaluate(
        """() => { window.others = Array.from({ length: 20 }, () => new WebSocket(location.origin.replace("http", "ws") + "/api/v1/live")); }"""
    )

    sync_api.expect(dana.page.get_by_text("Too many pages of this account are open")).to_be_visible(timeout=20_000)
    dana.page.wait_for_timeout(3_000)  # longer than until a lost socket is opened again
    assert dana.evaluate("() => [driveops.state, others.filter(each => each.readyState === 1).length]") == ["dead", 20]

"""The web server as it is started for work."""

import httpx
import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed

from api import guesses
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.web import WebFactory, WebProcess
from tests.integration.api.live_site import Site


def test_a_page_that_says_too_much_at_once_is_cut_off(
    web_server: WebProcess, database: Database, broker: RunningBroker, owner: sa.Engine
) -> None:
    site = Site(database=database, broker=broker, owner=owner, url=web_server.url)
    site.add_tenant("acme")
    with site.page(site.sign_in("acme", "Dana")) as page:
        page.next_json("hello")
        page.socket.send("x" * 9_000)
        with pytest.raises(ConnectionClosed) as closed:
            page.next_json("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_an_address_is_believed_of_a_trusted_proxy_alone(make_web: WebFactory) -> None:
    for trusted, waits in (("127.0.0.0/8", False), ("192.0.2.1", True)):
        web = make_web(WEB_TRUSTED_PROXIES=trusted)
        web.start()
        with httpx.Client(base_url=web.url) as browser:
            for number in range(guesses.FREE + 2):
                csrf = browser.get("/login").text.split('name="csrf" value="')[1].split('"')[0]
                answer = browser.post(
                    "/login",
                    data={"login": "x", "password": "x", "csrf": csrf},
                    headers={"X-Forwarded-For": f"198.51.100.{number}"},
                )
        assert answer.status_code == (429 if waits else 401)

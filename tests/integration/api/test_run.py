"""The web server as it is started for work."""

import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed

from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.web import WebProcess
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

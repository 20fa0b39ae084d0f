"""A stranger's phone from its first request to the live page: refused, seen, adopted, on the map."""

import datetime as dt
import time
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from db import devices, sender_tokens
from domain import accounts as domain_accounts
from stack import ports
from tests.fixtures.ingest import IngestFactory
from tests.integration.api.live_site import HELSINKI, Site

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture
def listener(site: Site, make_ingest: IngestFactory) -> str:
    port = ports.free()
    process = make_ingest(INGEST_HTTP_PORT=str(port), INGEST_LIVE_INTERVAL_S="0.2")
    process.start()
    process.wait_until_at_work()
    assert site.tenant_ids
    return f"http://127.0.0.1:{port}/"


@pytest.fixture
def manager(site: Site) -> str:
    return site.sign_in("acme", "Mona", domain_accounts.Role.MANAGER)


def token_of(site: Site, slug: str, name: str) -> str:
    with site.owner.begin() as connection:
        return sender_tokens.add(connection, site.tenant_ids[slug], name, created_by="root", now=NOW)


def send(listener: str, token: str, **more: Any) -> int:
    # As of two seconds ago, like a phone's: the live page takes nothing from the future.
    stamp = int(time.time()) - 2
    query = {"id": token, "lat": 60.17, "lon": 24.94, "timestamp": stamp, "speed": 10, **more}
    return httpx.get(listener, params=query).status_code


def test_a_strangers_phone_is_adopted_and_on_the_live_page(
    site: Site, listener: str, manager: str, owner: sa.Engine
) -> None:
    token = token_of(site, "acme", "stranger")
    assert send(listener, token) == 200

    with site.http(manager) as browser, site.page(manager) as page:
        [waiting] = browser.get("/api/v1/quarantine").json()
        assert (waiting["device"], waiting["messages"]) == ("stranger", 1)
        assert "lat=60.17" in waiting["last_payload"]
        assert token not in str(waiting)

        answer = browser.post("/api/v1/quarantine/stranger/adopt", json={"label": "Mona's own"})
        assert answer.status_code == 200
        adopted = answer.json()
        assert adopted["kept_rejects"] == 1
        assert browser.get("/api/v1/quarantine").json() == []
        assert browser.post("/api/v1/quarantine/stranger/adopt", json={}).status_code == 404

        page.say(HELSINKI)
        assert send(listener, token) == 200
        page.next_frame(lambda frame: adopted["device_id"] in frame.ids)
        [unit] = browser.get("/api/v1/units", params={"q": "stranger"}).json()
        assert (unit["label"], unit["lat"], unit["lon"], unit["state"]) == ("Mona's own", 60.17, 24.94, "moving")


def test_what_a_phone_claims_of_places_is_told(site: Site, listener: str, manager: str) -> None:
    with site.owner.begin() as connection:
        devices.add(connection, site.tenant_ids["acme"], [devices.NewDevice(name="phone-1", kind="phone")])
    token = token_of(site, "acme", "phone-1")
    entered = {"_type": "transition", "event": "enter", "desc": "Depot", "tst": int(NOW.timestamp())}

    assert httpx.post(f"{listener}owntracks", json=entered, auth=("acme/phone-1", token)).status_code == 200

    phone, other = site.device_id("acme", "phone-1"), site.device_id("other")
    with site.http(manager) as browser:
        [claim] = browser.get(f"/api/v1/units/{phone}/claims").json()
        assert (claim["kind"], claim["place"], claim["lat"]) == ("entered", "Depot", None)
        assert browser.get(f"/api/v1/units/{other}/claims").status_code == 404


def test_a_dismissed_sender_is_out_of_sight_and_counted(site: Site, listener: str, manager: str) -> None:
    token = token_of(site, "acme", "stranger")
    send(listener, token)
    with site.http(manager) as browser:
        assert browser.post("/api/v1/quarantine/stranger/dismiss").status_code == 200
        assert send(listener, token) == 200

        assert browser.get("/api/v1/quarantine").json() == []
        [dismissed] = browser.get("/api/v1/quarantine", params={"dismissed": True}).json()
        assert (dismissed["messages"], dismissed["dismissed_by"]) == (2, "Mona")


def test_a_manager_sees_its_own_tenants_strangers_alone(site: Site, listener: str, manager: str) -> None:
    send(listener, token_of(site, "other", "stranger"))

    with site.http(manager) as browser:
        assert browser.get("/api/v1/quarantine").json() == []
        assert browser.post("/api/v1/quarantine/stranger/adopt", json={}).status_code == 404
        assert browser.post("/api/v1/quarantine/stranger/dismiss").status_code == 404


@pytest.mark.usefixtures("listener")
def test_a_dispatcher_may_not(site: Site, dana: str) -> None:
    with site.http(dana) as browser:
        answers = [
            browser.get("/api/v1/quarantine"),
            browser.post("/api/v1/quarantine/x/adopt", json={}),
            browser.post("/api/v1/quarantine/x/dismiss"),
        ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_a_kind_that_there_is_not_is_refused(site: Site, listener: str, manager: str) -> None:
    send(listener, token_of(site, "acme", "stranger"))

    with site.http(manager) as browser:
        answer = browser.post("/api/v1/quarantine/stranger/adopt", json={"kind": "toaster"})

        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "bad_device_kind"
        assert len(browser.get("/api/v1/quarantine").json()) == 1

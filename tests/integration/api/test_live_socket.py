"""The live socket between a real ingest and real sockets."""

import contextlib
import datetime as dt
import time

import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed

from api import live_socket, server, view_frame
from db import tables
from domain import accounts as domain_accounts
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.integration.api.live_site import HELSINKI, Fleet, Page, Site, StuckPage


def snapshot(page: Page, view: dict[str, object] = HELSINKI) -> list[int]:
    page.say(view)
    return page.next_frame(lambda frame: frame.kind is not view_frame.Kind.DELTA).ids


def seen(page: Page, device_id: int) -> None:
    page.next_frame(lambda frame: device_id in frame.ids)


def test_a_page_gets_what_is_there_and_then_what_moves(site: Site, fleet: Fleet, dana: str) -> None:
    first, second = site.device_id("acme", "van-000"), site.device_id("acme", "van-001")
    with site.page(dana) as page:
        assert page.next_json("hello")["tick_ms"] == 1000
        assert snapshot(page) == []
        fleet.move("acme", "van-000", 60.17, 24.94)
        seen(page, first)

    with site.page(dana) as page:
        assert snapshot(page) == [first]
        fleet.move("acme", "van-001", 60.18, 24.95)
        frame = page.next_frame(lambda frame: second in frame.ids)

    assert frame.kind is view_frame.Kind.DELTA
    assert frame.ids == [second]
    assert frame.lat[0] == pytest.approx(60.18, abs=1e-4)
    assert frame.lon[0] == pytest.approx(24.95, abs=1e-4)
    assert frame.columns["course"].tolist() == [64]
    assert frame.columns["status"].tolist() == [view_frame.Status.MOVING | 1 << view_frame.KIND_SHIFT]


def test_a_page_is_sent_its_view_alone(site: Site, fleet: Fleet, dana: str) -> None:
    near, far = site.device_id("acme", "van-000"), site.device_id("acme", "van-001")
    with site.page(dana) as page:
        snapshot(page)
        fleet.move("acme", "van-000", 60.17, 24.94, ago_s=86_000)
        seen(page, near)
        fleet.move("acme", "van-001", 48.85, 2.35)
        fleet.move("acme", "van-000", 48.86, 2.35)
        gone = page.next_frame(lambda frame: near in frame.removed)
        assert far not in gone.ids

        paris = {"type": "view", "bbox": [2.2, 48.8, 2.5, 49.0], "zoom": 14}
        assert snapshot(page, paris) == [near, far]


def test_another_tenants_page_sees_nothing_of_it(site: Site, fleet: Fleet, dana: str) -> None:
    mine, theirs = site.device_id("acme"), site.device_id("other")
    olaf = site.sign_in("other", "Olaf")
    with site.page(dana) as ours, site.page(olaf) as others:
        snapshot(ours)
        snapshot(others)
        fleet.move("acme", "van-000", 60.17, 24.94)
        seen(ours, mine)
        fleet.press("acme", "van-000")
        ours.next_json("alerts", lambda message: bool(message["alerts"]))
        fleet.move("other", "van-000", 60.18, 24.95)

        frames: list[int] = []
        while theirs not in frames:
            message = others.next_where(lambda m: not isinstance(m, dict) or m["type"] in ("alerts", "error"))
            if isinstance(message, dict):
                assert message == {"type": "alerts", "alerts": []}
            else:
                frames += message.ids

    assert mine not in frames


def test_a_press_is_on_every_page_and_so_is_who_takes_it(site: Site, fleet: Fleet, dana: str) -> None:
    otto = site.sign_in("acme", "Otto")
    with site.page(dana) as page, site.page(otto) as second:
        fleet.press("acme", "van-000")
        [alert] = page.next_json("alerts", lambda message: bool(message["alerts"]))["alerts"]
        assert (alert["state"], alert["device_id"]) == ("open", site.device_id("acme"))

        with site.http(dana) as browser:
            taken = browser.post(f"/api/v1/alerts/{alert['id']}/acknowledge")
            assert taken.status_code == 200, taken.text
        told = second.next_json("alerts", lambda m: bool(m["alerts"]) and m["alerts"][0]["state"] == "acknowledged")
        assert told["alerts"][0]["acknowledged_by"] == "Dana"

        with site.http(otto) as browser:
            late = browser.post(f"/api/v1/alerts/{alert['id']}/acknowledge")
            assert late.status_code == 409
            assert "Dana" in late.json()["error"]["message"]
            blank = browser.post(f"/api/v1/alerts/{alert['id']}/resolve", json={"text": " "})
            assert blank.json()["error"]["code"] == "resolution_missing"
            browser.post(f"/api/v1/alerts/{alert['id']}/resolve", json={"text": "false alarm"})
            history = browser.get(f"/api/v1/alerts/{alert['id']}").json()["history"]
        assert page.next_json("alerts", lambda message: message["alerts"] == [])
    assert [(entry["change"], entry["actor"]) for entry in history] == [
        ("raised", None),
        ("acknowledged", "Dana"),
        ("resolved", "Otto"),
    ]


def test_pages_are_told_when_ingest_dies_and_when_it_is_back(site: Site, at_work: IngestProcess, dana: str) -> None:
    with site.page(dana) as page:
        page.next_json("vitals", lambda m: m["database"] and m["broker"] and m["ingest"])

        at_work.kill()
        assert page.next_json("vitals", lambda m: not m["ingest"])["broker"] is True

        at_work.start()
        assert page.next_json("vitals", lambda m: m["ingest"])


def test_pages_are_told_when_the_broker_dies_and_see_all_once_it_is_back(
    site: Site, fleet: Fleet, dana: str, broker: RunningBroker
) -> None:
    with site.page(dana) as page:
        snapshot(page)
        broker.kill()
        page.next_json("vitals", lambda m: not m["broker"])

        broker.start()
        page.next_json("vitals", lambda m: m["broker"])
        fleet.move("acme", "van-002", 60.17, 24.94)
        seen(page, site.device_id("acme", "van-002"))


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for it before `site`: a server's sockets have the limit of when it began."""
    monkeypatch.setattr(live_socket, "_SEND_LIMIT_S", 1.0)
    monkeypatch.setattr(live_socket, "_CLOSE_LIMIT_S", 0.5)
    monkeypatch.setattr(server, "STUCK_LIMIT_S", 8.0)


def waiting_sends(site: Site) -> list[object]:
    """uvicorn's connections whose buffers are full."""
    return [each for each in site.connections if hasattr(each, "writable") and not each.writable.is_set()]


def fill(site: Site, stuck: StuckPage) -> None:
    """Look at 10,000 units until the server has to wait."""
    until = time.monotonic() + 30
    while not waiting_sends(site):
        assert time.monotonic() < until, "no send ever waits"
        stuck.say(HELSINKI)
        time.sleep(0.1)


def test_a_page_that_does_not_read_holds_nobody_up(site: Site, fleet: Fleet, dana: str) -> None:
    site.add_parked("acme", 10_000)
    with site.stuck_page(site.sign_in("acme", "Otto")) as stuck, site.page(dana) as quick:
        assert len(snapshot(quick)) == 10_000
        fill(site, stuck)
        for step in range(3):
            fleet.move("acme", f"van-{step:03d}", 60.17 + step / 1000, 24.94)
            seen(quick, site.device_id("acme", f"van-{step:03d}"))
        assert len(waiting_sends(site)) == 1


def test_a_page_that_does_not_read_is_put_out_for_good(short_limits: None, site: Site, dana: str) -> None:
    assert site.live is not None
    site.add_parked("acme", 10_000)
    with site.stuck_page(dana) as stuck:
        [tenant_id] = site.live.hub.tenant_ids
        fill(site, stuck)
        [connection] = waiting_sends(site)
        until = time.monotonic() + 30
        while site.live.hub.tenant_ids or connection in site.connections:
            assert time.monotonic() < until, "it is still there"
            time.sleep(0.05)
    assert tenant_id == site.tenant_ids["acme"]


def test_a_person_is_followed_until_left(site: Site, fleet: Fleet, dana: str) -> None:  # R57
    aino = site.give_person("acme")
    with site.page(dana) as page:
        page.say({"type": "subscribe", "person": str(aino)})
        fleet.move("acme", "van-000", 60.17, 24.94, ago_s=60)
        told = page.next_json("location")
        assert (told["person"], told["lat"], told["lon"]) == (str(aino), 60.17, 24.94)

        page.say({"type": "unsubscribe", "person": str(aino)})
        snapshot(page)
        fleet.move("acme", "van-000", 60.18, 24.94)
        heard = page.next_where(
            lambda m: m["type"] == "location" if isinstance(m, dict) else m.lat.max(initial=0) > 60.179
        )
        assert not isinstance(heard, dict), "left, and told all the same"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "subscribe", "person": "7a1c4c36-98a5-4a5c-8a51-0d9a5d5a3a10"}', "person_not_found"),
        ('{"type": "subscribe", "booking": "7a1c4c36-98a5-4a5c-8a51-0d9a5d5a3a10"}', "booking_not_found"),
        ('{"type": "subscribe", "person": 5}', "bad_message"),
        ('{"type": "view", "bbox": [1, 2, 0, 3], "zoom": 4}', "bad_message"),
        ('{"type": "view", "bbox": [NaN, 2, 3, 3], "zoom": 4}', "bad_message"),
        ("[" * 4000, "bad_message"),
        ('"' + "x" * 5000 + '"', "bad_message"),
        ("no json", "bad_message"),
    ],
)
def test_what_is_not_understood_or_not_there_is_answered(site: Site, dana: str, message: str, code: str) -> None:
    with site.page(dana) as page:
        page.socket.send(message)
        assert page.next_json("error")["code"] == code
        page.say(HELSINKI)
        assert page.next_frame().ids == []


def test_another_tenants_person_cannot_be_followed(site: Site, dana: str) -> None:
    stranger = site.give_person("other")
    with site.page(dana) as page:
        page.say({"type": "subscribe", "person": str(stranger)})
        assert page.next_json("error")["code"] == "person_not_found"


def test_a_flood_of_messages_ends_the_socket(site: Site, dana: str) -> None:
    with site.page(dana) as page:
        for _ in range(60):
            page.say(HELSINKI)
        with pytest.raises(ConnectionClosed) as closed:
            page.next_json("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_the_oldest_of_twenty_one_sockets_makes_room(site: Site, dana: str) -> None:
    with contextlib.ExitStack() as pages:
        otto = pages.enter_context(site.page(site.sign_in("acme", "Otto")))
        oldest, *others = [pages.enter_context(site.page(dana)) for _ in range(20)]
        for page in (otto, oldest, *others):
            page.next_json("hello")
        pages.enter_context(site.page(dana)).next_json("hello")
        with pytest.raises(ConnectionClosed) as closed:
            oldest.next_json("never")
        for page in (otto, *others):
            page.say(HELSINKI)
            page.next_frame()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_page_is_told_ten_minutes_before_its_session_ends(site: Site, dana: str) -> None:
    ends_at = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(minutes=9)
    with site.owner.begin() as connection:
        connection.execute(sa.update(tables.session).values(expires_at=ends_at))
    with site.page(dana) as page:
        told = page.next_json("expires")
    assert dt.datetime.fromisoformat(told["at"]) == ends_at


def test_a_socket_ends_when_its_account_is_disabled(site: Site, dana: str) -> None:
    with site.page(dana) as page:
        page.next_json("hello")
        with site.owner.begin() as connection:
            connection.execute(sa.update(tables.account).values(disabled_at=sa.func.now()))
        with pytest.raises(ConnectionClosed) as closed:
            page.next_json("never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_another_tenants_units_and_alerts_are_not_found(site: Site, fleet: Fleet, dana: str) -> None:
    with site.page(dana) as page:
        fleet.move("acme", "van-000", 60.17, 24.94)
        fleet.press("acme", "van-000")
        [alert] = page.next_json("alerts", lambda message: bool(message["alerts"]))["alerts"]
        snapshot(page)
        seen_id = site.device_id("acme")
    with site.http(dana) as ours, site.http(site.sign_in("other", "Olaf", domain_accounts.Role.ADMIN)) as theirs:
        for path in (f"/api/v1/units/{seen_id}", f"/api/v1/units/{seen_id}/trail", f"/api/v1/alerts/{alert['id']}"):
            assert ours.get(path).status_code == 200, path
            assert theirs.get(path).status_code == 404, path
        for act in ("acknowledge", "resolve"):
            assert theirs.post(f"/api/v1/alerts/{alert['id']}/{act}", json={"text": "x"}).status_code == 404
        assert [unit["id"] for unit in ours.get("/api/v1/units?q=VAN-000").json()] == [seen_id]
        assert theirs.get("/api/v1/alerts").json() == []
        card = ours.get(f"/api/v1/units/{seen_id}").json()
    assert card["state"] == "moving"
    assert [event["kind"] for event in card["events"]] == ["alert_open"]

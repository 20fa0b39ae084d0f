"""Alerts find their way to pages and lamps, whatever is held up, unreadable or away."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from api import alert_feed, shown
from db import engine, read_models
from stack import postgres
from tests.fixtures.broker import RunningBroker
from tests.fixtures.web import WebFactory
from tests.integration.api.live_site import Fleet, Lamp, Page, Site

_CONNECTIONS, _READERS = 10, 12


@pytest.fixture
def lamp(broker: RunningBroker) -> Iterator[Lamp]:
    made = Lamp(broker, "acme", "van-000")
    yield made
    made.close()


def alerts(page: Page, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.next_json("alerts", lambda message: wanted(message["alerts"]))["alerts"]
    return found


def pressed(page: Page, fleet: Fleet, device: str = "van-000", fob: str = "FOB-1") -> str:
    """A press, on the page; the alert's id."""
    fleet.press("acme", device, fob)
    [alert] = [
        each for each in alerts(page, lambda all_: any(each["fob"] == fob for each in all_)) if each["fob"] == fob
    ]
    assert alert["device_name"] == device
    return str(alert["id"])


@contextlib.contextmanager
def locked(site: Site, table: str) -> Iterator[None]:
    """Nobody reads the table meanwhile."""
    with site.owner.begin() as connection:
        connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def hold_a_connection(site: Site) -> None:
    """Read the units over one of the server's own connections, and wait for the lock however long it takes."""
    assert site.web is not None
    tenant_id = site.tenant_ids["acme"]
    with engine.tenant_transaction(site.web, tenant_id) as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        read_models.units(connection, tenant_id)


def waiting_readers(site: Site) -> int:
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'driveops web' AND wait_event_type = 'Lock'"
    )
    with site.owner.connect() as connection:
        return int(connection.execute(query).scalar_one())


def test_a_press_is_told_and_taken_while_readers_hold_every_connection(site: Site, fleet: Fleet, dana: str) -> None:
    def read_units() -> int:
        with site.http(dana) as browser:
            return browser.get("/api/v1/units", timeout=60).status_code

    with site.page(dana) as page, site.http(dana) as browser, ThreadPoolExecutor(30) as threads:
        page.next_json("alerts")
        with locked(site, "vehicle"):
            holders = [threads.submit(hold_a_connection, site) for _ in range(_CONNECTIONS)]
            while waiting_readers(site) < _CONNECTIONS:
                time.sleep(0.02)
            readers = [threads.submit(read_units) for _ in range(_READERS)]
            alert_id = pressed(page, fleet)
            taken = browser.post(f"/api/v1/alerts/{alert_id}/acknowledge")
            assert taken.status_code == 200, taken.text
            alerts(page, lambda all_: [each["state"] for each in all_] == ["acknowledged"])
            assert [reader.result() for reader in readers] == [503] * _READERS
            assert not any(holder.done() for holder in holders)


@pytest.mark.parametrize(
    "damage",
    ["raised_at = 'infinity'", "remarks = ARRAY['of_a_newer_release']", "location_lat = 'NaN', location_lon = 1"],
)
def test_an_alert_that_cannot_be_read_whole_rings_and_is_handled_all_the_same(
    site: Site, fleet: Fleet, lamp: Lamp, dana: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    def states(page: Page, *wanted: str) -> list[dict[str, Any]]:
        return alerts(page, lambda all_: [each["state"] for each in all_] == list(wanted))

    with site.page(dana) as page, site.http(dana) as browser:
        bad = pressed(page, fleet)
        with site.owner.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE alert SET location_time = now(), location_age_s = 1, location_lat = 1, location_lon = 1,"
                f" location_source = 'press'; UPDATE alert SET {damage}"
            )
        [stub] = alerts(page, lambda all_: [each["text"] for each in all_] == [shown.UNREAD_TEXT])
        assert (stub["id"], stub["state"], stub["device_name"], stub["fob"]) == (bad, "open", "van-000", "FOB-1")
        good = pressed(page, fleet, "van-001", "FOB-2")
        assert {each["id"] for each in browser.get("/api/v1/alerts").json()} == {bad, good}
        assert browser.get(f"/api/v1/alerts/{bad}").json()["text"] == shown.UNREAD_TEXT

        assert browser.post(f"/api/v1/alerts/{bad}/acknowledge").status_code == 200
        states(page, "open", "acknowledged")
        told = lamp.next_notice(lambda notice: notice.state != "open")
        assert (told.alert_id, told.state, told.by) == (uuid.UUID(bad), "acknowledged", "Dana")
        assert browser.post(f"/api/v1/alerts/{bad}/resolve", json={"text": " "}).status_code == 422
        assert browser.post(f"/api/v1/alerts/{bad}/resolve", json={"text": "found her"}).status_code == 200
        assert [each["id"] for each in states(page, "open")] == [good]

    complaints = [record.getMessage() for record in caplog.records if bad in record.getMessage()]
    assert complaints.count(f"alert {bad} can't be read, pages show little of it") == 2  # of the feed, and of the desk


@pytest.mark.parametrize("hold", ["PERFORM pg_sleep(3600)", "RAISE 'no'"])
def test_a_tenant_whose_alerts_are_held_up_holds_no_other_up(site: Site, fleet: Fleet, dana: str, hold: str) -> None:
    olaf = site.sign_in("other", "Olaf")
    with site.page(olaf) as page:
        fleet.press("other", "van-000")
        alerts(page, bool)
    with site.owner.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE FUNCTION public.is_held() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN {hold}; RETURN true; END $$"
        )
        connection.exec_driver_sql(
            "CREATE POLICY held ON alert AS RESTRICTIVE TO driveops_web USING"
            f" (CASE WHEN tenant_id = '{site.tenant_ids['other']}' THEN public.is_held() ELSE true END)"
        )
    with site.page(olaf), site.page(dana) as page:
        page.next_json("alerts")
        fleet.press("acme", "van-000")
        # A read that is held up ends after more than this.
        page.next_where(lambda m: isinstance(m, dict) and bool(m.get("alerts")), limit_s=2)


def test_a_press_is_told_by_the_notice_of_the_database(
    site: Site, fleet: Fleet, dana: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.live is not None
    with site.page(dana) as page:
        page.next_json("alerts")
        until = time.monotonic() + 20
        while not site.live.alert_feed.is_told:
            assert time.monotonic() < until, "no notices"
            time.sleep(0.02)
        for limit in ("_POLL_S", "_POLL_UNTOLD_S"):
            monkeypatch.setattr(alert_feed, limit, 3_600.0)
        site.live.alert_feed.wake()  # the wait that is under way has the limit of before
        pressed(page, fleet)
        fleet.press("acme", "van-000")
        alerts(page, lambda all_: [each["press_count"] for each in all_] == [2])


def test_the_lamp_hears_who_took_the_alert(site: Site, fleet: Fleet, lamp: Lamp, dana: str) -> None:  # R55
    with site.page(dana) as page, site.http(dana) as browser:
        alert_id = pressed(page, fleet)
        assert browser.post(f"/api/v1/alerts/{alert_id}/acknowledge").status_code == 200

    told = lamp.next_notice(lambda notice: notice.state != "open")
    assert (told.alert_id, told.state, told.by, told.fob) == (uuid.UUID(alert_id), "acknowledged", "Dana", "FOB-1")


def test_the_lamp_hears_the_newest_once_the_broker_is_back(
    site: Site, fleet: Fleet, lamp: Lamp, dana: str, broker: RunningBroker
) -> None:  # R55
    with site.page(dana) as page, site.http(dana) as browser:
        alert_id = pressed(page, fleet)
        broker.server.stop()
        page.next_json("vitals", lambda vitals: not vitals["broker"])
        assert browser.post(f"/api/v1/alerts/{alert_id}/acknowledge").status_code == 200
        assert browser.post(f"/api/v1/alerts/{alert_id}/resolve", json={"text": "a drill"}).status_code == 200
        broker.start()

    told = lamp.next_notice(lambda notice: notice.state != "open")
    assert (told.alert_id, told.state, told.by) == (uuid.UUID(alert_id), "resolved", "Dana")


def test_an_open_page_hears_of_a_database_that_dies_and_of_the_alerts_after_it(
    site: Site, fleet: Fleet, dana: str, postgres_server: postgres.Postgres
) -> None:
    with site.page(dana) as page:
        page.next_json("vitals", lambda vitals: vitals["database"])
        postgres_server.kill()
        try:
            page.next_json("vitals", lambda vitals: not vitals["database"])
            fleet.press("acme", "van-000")
        finally:
            postgres_server.start()

        heard: dict[str, Any] = {}  # in whichever order
        while not (heard.get("alerts") and heard.get("database")):
            heard |= page.next_where(
                lambda message: isinstance(message, dict) and message["type"] in {"alerts", "vitals"}
            )
        assert [(alert["fob"], alert["state"]) for alert in heard["alerts"]] == [("FOB-1", "open")]


def test_what_a_killed_web_server_did_not_tell_is_told_by_the_next(
    fleet: Fleet, lamp: Lamp, dana: str, site: Site, make_web: WebFactory
) -> None:  # R55
    with site.page(dana) as page:
        alert_id = pressed(page, fleet)
    with site.owner.begin() as connection:  # as a server leaves it that dies between its commit and the broker's answer
        connection.exec_driver_sql(
            "UPDATE alert SET state = 'acknowledged', acknowledged_at = now(), acknowledged_by = 'Dana'"
        )
    web = make_web()
    web.start()
    site.url = web.url
    with site.page(dana) as page:
        alerts(page, bool)
        told = lamp.next_notice(lambda notice: notice.state != "open")
    assert (told.alert_id, told.state, told.by) == (uuid.UUID(alert_id), "acknowledged", "Dana")


def test_an_act_that_is_said_again_is_done_once(site: Site, fleet: Fleet, dana: str) -> None:
    with site.page(dana) as page, site.http(dana) as browser, site.http(site.sign_in("acme", "Otto")) as other:
        path = f"/api/v1/alerts/{pressed(page, fleet)}"
        for act, body in (("acknowledge", None), ("resolve", {"text": "a drill"})):
            answers = [browser.post(f"{path}/{act}", json=body) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 200]
            assert answers[0].json() == answers[1].json()
            assert other.post(f"{path}/{act}", json=body).status_code == 409
        assert browser.post(f"{path}/resolve", json={"text": "another end"}).status_code == 409
        changes = [each["change"] for each in browser.get(path).json()["history"]]
    assert changes == ["raised", "acknowledged", "resolved"]


def test_an_act_is_done_though_it_cannot_be_read_again(site: Site, fleet: Fleet, dana: str) -> None:
    with site.page(dana) as page, site.http(dana) as browser:
        alert_id = pressed(page, fleet)
        # The acts need no person; what is read after them does.
        with site.owner.begin() as connection:
            connection.exec_driver_sql("REVOKE SELECT ON person FROM driveops_web")
        answer = browser.post(f"/api/v1/alerts/{alert_id}/acknowledge")
    assert (answer.status_code, answer.json()["state"], answer.json()["history"]) == (200, "acknowledged", [])


def test_a_long_trail_is_thinned(site: Site, dana: str) -> None:
    device_id = site.device_id("acme")
    with site.owner.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO fix (device_id, time, lat, lon, seq, received_at, fix_mode)"
            f" SELECT {device_id}, date_trunc('second', now()) - n * interval '1 s', 60, 25, n, now(), 3"
            " FROM generate_series(1, 2500) AS n"
        )
        newest = connection.exec_driver_sql("SELECT max(time) FROM fix").scalar_one()
    with site.http(dana) as browser:
        trail = browser.get(f"/api/v1/units/{device_id}/trail?minutes=600").json()
    assert len(trail) == 500
    assert [each["time"] for each in trail] == sorted(each["time"] for each in trail)
    assert trail[-1]["time"] == shown.instant(newest)


def test_flagged_fixes_are_on_a_trail_on_request_with_their_reasons(site: Site, dana: str) -> None:
    device_id = site.device_id("acme")
    with site.owner.begin() as connection:
        for number, flags in enumerate((0, 17, 32, 8)):
            connection.exec_driver_sql(
                "INSERT INTO fix (device_id, time, lat, lon, seq, received_at, fix_mode, quality, late, out_of_order, corrected_at) VALUES"
                f" ({device_id}, now() - interval '5 min' + {number} * interval '2 min', 60, 25, {number}, '2026-03-01Z', 3,"
                f" {flags}, {number == 1}, {number > 0}, {'now()' if number == 2 else 'NULL'})"
            )
    with site.http(dana) as browser:
        plain = browser.get(f"/api/v1/units/{device_id}/trail").json()
        all_of_them = browser.get(f"/api/v1/units/{device_id}/trail?flagged=true").json()
    assert [each["flags"] for each in plain] == [[], ["drift"]]
    assert [each["flags"] for each in all_of_them] == [[], ["inaccurate", "jump"], ["drift"], ["future"]]
    assert [each["receipt"] for each in all_of_them[:3]] == [
        [],
        ["late", "out_of_order"],
        ["out_of_order", "corrected"],
    ]
    assert {each["received_at"] for each in all_of_them} == {"2026-03-01T00:00:00Z"}

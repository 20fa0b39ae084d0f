"""The registries over REST, and the live page that follows them: give, move, press, look."""

import datetime as dt
import uuid

import httpx
import pytest
import sqlalchemy as sa

from db import tables
from domain import accounts as domain_accounts
from tests.integration.api.live_site import HELSINKI, Fleet, Site

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def manager(site: Site) -> str:
    return site.sign_in("acme", "Mona", domain_accounts.Role.MANAGER)


def add(browser: httpx.Client, path: str, **body: object) -> str:
    answer = browser.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return str(next(iter(answer.json().values())))


def add_person(browser: httpx.Client, first_name: str, last_name: str = "Virtanen") -> str:
    return add(browser, "people", first_name=first_name, last_name=last_name, kind="courier")


def assign(browser: httpx.Client, path: str, **body: object) -> httpx.Response:
    return browser.post(f"/api/v1/{path}/assign", json=body)


def test_the_live_page_and_the_alert_follow_who_has_the_device_and_the_fob(
    site: Site, fleet: Fleet, manager: str
) -> None:
    with site.http(manager) as browser, site.page(manager) as page:
        aino, mikko = add_person(browser, "Aino"), add_person(browser, "Mikko", "Korhonen")
        add(browser, "fobs", code="F1")
        earlier = (NOW - HOUR).isoformat()
        for thing in ("devices/van-000", "fobs/F1"):
            assert assign(browser, thing, person=aino, since=earlier).json() == {"changed": True}
        page.say(HELSINKI)
        fleet.move("acme", "van-000", 60.17, 24.94)
        unit = site.device_id("acme")
        page.next_frame(lambda frame: unit in frame.ids)
        assert browser.get(f"/api/v1/units/{unit}").json()["person"] == "Aino Virtanen"

        for thing in ("devices/van-000", "fobs/F1"):
            assert assign(browser, thing, person=mikko).json() == {"changed": True}
        assert browser.get(f"/api/v1/units/{unit}").json()["person"] == "Mikko Korhonen"
        assert [each["id"] for each in browser.get("/api/v1/units", params={"q": "mikko"}).json()] == [unit]

        fleet.press("acme", "van-000", "F1")
        alerts = page.next_json("alerts", lambda message: message["alerts"])
        assert [(each["who"], each["person_id"]) for each in alerts["alerts"]] == [("Mikko Korhonen", mikko)]

        book = browser.get("/api/v1/devices/van-000/assignments").json()
        assert [(line["person"], line["until"] is None, line["assigned_by"]) for line in book] == [
            ("Mikko Korhonen", True, "Mona"),
            ("Aino Virtanen", False, "Mona"),
        ]
        assert browser.post("/api/v1/devices/van-000/release", json={"of": "person"}).json() == {"changed": True}
        assert browser.get(f"/api/v1/units/{unit}").json()["person"] is None


def test_a_persons_track_is_of_their_device_of_then_and_reading_it_is_in_the_audit(
    site: Site, fleet: Fleet, manager: str, owner: sa.Engine
) -> None:
    del fleet
    with owner.begin() as connection:
        for minutes in (10, 30, 50):
            row = {"lat": 60.17, "lon": minutes, "seq": minutes, "received_at": NOW, "fix_mode": 3}
            at = NOW - dt.timedelta(minutes=minutes)
            connection.execute(sa.insert(tables.fix).values(device_id=site.device_id("acme"), time=at, **row))
    admin = site.sign_in("acme", "Ada", domain_accounts.Role.ADMIN)
    with site.http(manager) as browser, site.http(admin) as admins:
        aino, mikko = add_person(browser, "Aino"), add_person(browser, "Mikko", "Korhonen")
        assign(browser, "devices/van-000", person=aino, since=(NOW - HOUR).isoformat())
        assign(browser, "devices/van-000", person=mikko, since=(NOW - HOUR / 3).isoformat())
        whole = {"since": (NOW - HOUR).isoformat(), "until": NOW.isoformat()}
        tracks = [browser.get(f"/api/v1/people/{each}/track", params=whole).json() for each in (aino, mikko)]

        assert [[fix["lon"] for fix in track] for track in tracks] == [[50, 30], [10]]
        browser.get(f"/api/v1/units/{site.device_id('acme')}/trail", params={"minutes": 5})
        of_device, of_mikko, of_aino = admins.get("/api/v1/audit", params={"limit": 3}).json()
        assert {(line["act"], line["actor"]) for line in (of_device, of_mikko, of_aino)} == {("track_read", "Mona")}
        assert [line["subject"] for line in (of_aino, of_mikko, of_device)] == [
            f"person {aino}",
            f"person {mikko}",
            "device van-000",
        ]
        assert of_aino["detail"] == whole
        assert uuid.UUID(of_aino["account_id"])
        backwards = {"since": whole["until"], "until": whole["since"]}
        assert browser.get(f"/api/v1/people/{aino}/track", params=backwards).status_code == 422


@pytest.mark.usefixtures("fleet")
def test_crews_vehicles_and_retirement(site: Site, manager: str) -> None:
    with site.http(manager) as browser:
        aino, mikko = add_person(browser, "Aino"), add_person(browser, "Mikko", "Korhonen")
        car = add(browser, "vehicles", name="Car 1", plate="ABC-1")
        assert assign(browser, "devices/van-000", vehicle=car).status_code == 200
        for person in (aino, mikko):
            assert assign(browser, f"people/{person}", vehicle=car).json() == {"changed": True}

        unit = browser.get(f"/api/v1/units/{site.device_id('acme')}").json()
        assert (unit["vehicle"], unit["person"]) == ("Car 1", "Aino Virtanen, Mikko Korhonen")
        [listed] = browser.get("/api/v1/vehicles").json()
        assert (listed["plate"], listed["person"]) == ("ABC-1", "Aino Virtanen, Mikko Korhonen")

        assert browser.post("/api/v1/vehicles/Car 1/retire").json() == {"ended_assignments": 3}
        assert browser.get("/api/v1/vehicles").json() == []
        assert len(browser.get("/api/v1/vehicles", params={"retired": True}).json()) == 1
        assert browser.get(f"/api/v1/units/{site.device_id('acme')}").json()["vehicle"] is None
        assert assign(browser, "devices/van-000", vehicle=car).status_code == 404
        assert len(browser.get("/api/v1/vehicles/Car 1/assignments").json()) == 3
        assert add(browser, "vehicles", name="Car 1") == car
        assert assign(browser, "devices/van-000", vehicle=car).status_code == 200


@pytest.mark.usefixtures("fleet")
def test_duty_and_the_switch(site: Site, manager: str) -> None:
    admin = site.sign_in("acme", "Ada", domain_accounts.Role.ADMIN)
    with site.http(manager) as browser, site.http(admin) as admins:
        aino = add_person(browser, "Aino")
        path = f"/api/v1/people/{aino}/duty"
        began, ended = (NOW - HOUR).isoformat(), (NOW - HOUR / 2).isoformat()
        assert browser.post(path, json={"on": True, "at": began}).json() == {"changed": True, "on_duty": True}
        assert browser.post(path, json={"on": True}).json() == {"changed": False, "on_duty": True}
        assert [each["on_duty"] for each in browser.get("/api/v1/people").json()] == [True]
        assert browser.post(path, json={"on": False, "at": ended}).json() == {"changed": True, "on_duty": False}
        [period] = browser.get(path).json()
        assert (period["begun_by"], period["ended_by"]) == ("Mona", "Mona")
        early = browser.post(path, json={"on": True, "at": (NOW - 2 * HOUR).isoformat()})
        assert (early.status_code, early.json()["error"]["code"]) == (409, "assignment_overlap")

        assert browser.put("/api/v1/settings/duty-only", json={"duty_only": True}).status_code == 403
        assert admins.put("/api/v1/settings/duty-only", json={"duty_only": True}).json() == {"duty_only": True}
        assert browser.get("/api/v1/settings/duty-only").json() == {"duty_only": True}


@pytest.mark.usefixtures("fleet")
def test_what_is_done_to_registries_is_in_the_audit_of_the_tenant_page_by_page(site: Site, manager: str) -> None:
    admin, other = (site.sign_in(slug, "Ada", domain_accounts.Role.ADMIN) for slug in ("acme", "other"))
    with site.http(manager) as browser, site.http(admin) as admins, site.http(other) as others:
        aino = add_person(browser, "Aino")
        add(browser, "fobs", code="F1")
        assign(browser, "fobs/F1", person=aino)
        assign(browser, "fobs/F1", person=aino)  # changes nothing
        browser.post("/api/v1/fobs/F1/release", json={"of": "person"})
        browser.post(f"/api/v1/people/{aino}/duty", json={"on": True})
        admins.put("/api/v1/settings/duty-only", json={"duty_only": True})
        browser.post("/api/v1/fobs/F1/retire")
        book = admins.get("/api/v1/audit").json()

        assert [(line["act"], line["subject"], line["actor"]) for line in book] == [
            ("retired", "fob F1", "Mona"),
            ("duty_only_set", "tenant", "Ada"),
            ("duty_begun", f"person {aino}", "Mona"),
            ("released", "fob F1", "Mona"),
            ("assigned", "fob F1", "Mona"),
            ("registered", "fob F1", "Mona"),
            ("registered", f"person {aino}", "Mona"),
        ]
        assert book[4]["detail"]["to"] == f"person {aino}"
        assert admins.get("/api/v1/audit", params={"limit": 2, "before": book[1]["id"]}).json() == book[2:4]
        assert others.get("/api/v1/audit").json() == []
        assert browser.get("/api/v1/audit").status_code == 403


@pytest.mark.usefixtures("fleet")
class TestRefusals:
    def test_a_dispatcher_looks_and_changes_nothing(self, site: Site, manager: str, dana: str) -> None:
        with site.http(manager) as browser, site.http(dana) as dispatcher:
            aino = add_person(browser, "Aino")
            assert len(dispatcher.get("/api/v1/people").json()) == 1
            for answer in (
                dispatcher.post("/api/v1/fobs", json={"code": "F9"}),
                assign(dispatcher, "devices/van-000", person=aino),
                dispatcher.post("/api/v1/devices/van-000/release", json={"of": "person"}),
                dispatcher.post("/api/v1/devices/van-000/retire"),
                dispatcher.post(f"/api/v1/people/{aino}/duty", json={"on": True}),
                dispatcher.put("/api/v1/settings/duty-only", json={"duty_only": True}),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_permitted")

    def test_of_another_tenant_nothing_is_found(self, site: Site, manager: str) -> None:
        other = site.sign_in("other", "Olga", domain_accounts.Role.MANAGER)
        with site.http(manager) as browser, site.http(other) as others:
            aino, theirs = add_person(browser, "Aino"), add_person(others, "Olli")
            assert [each["first_name"] for each in others.get("/api/v1/people").json()] == ["Olli"]
            whole = {"since": (NOW - HOUR).isoformat(), "until": NOW.isoformat()}
            for answer in (
                assign(others, "devices/van-000", person=aino),
                assign(others, f"people/{aino}", vehicle=str(uuid.uuid4())),
                others.post(f"/api/v1/people/{aino}/retire"),
                others.post(f"/api/v1/people/{aino}/duty", json={"on": True}),
                others.get(f"/api/v1/people/{aino}/assignments"),
                others.get(f"/api/v1/people/{aino}/duty"),
                others.get(f"/api/v1/people/{aino}/track", params=whole),
                assign(browser, "devices/van-000", person=theirs),
            ):
                assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("path", "body", "status", "code"),
        [
            ("devices", {"name": "van-000"}, 409, "already_there"),
            ("devices", {"name": "a/b"}, 422, "bad_topic"),
            ("devices", {"name": "new", "kind": "toaster"}, 422, "bad_registration"),
            ("people", {"first_name": " ", "last_name": "V", "kind": "courier"}, 422, "bad_registration"),
            ("people", {"first_name": "A\x00", "last_name": "V", "kind": "courier"}, 422, "bad_registration"),
            ("devices/nobody/retire", {}, 404, "not_found"),
            ("devices/%00/retire", {}, 404, "not_found"),
        ],
    )
    def test_what_can_not_be_registered(
        self, site: Site, manager: str, path: str, body: dict[str, str], status: int, code: str
    ) -> None:
        with site.http(manager) as browser:
            answer = browser.post(f"/api/v1/{path}", json=body)

        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)

    def test_assignments_that_make_no_sense(self, site: Site, manager: str) -> None:
        with site.http(manager) as browser:
            aino, mikko = add_person(browser, "Aino"), add_person(browser, "Mikko")
            assert assign(browser, f"people/{aino}", person=mikko).json()["error"]["code"] == "bad_assignment"
            assert assign(browser, "devices/van-000").status_code == 422
            assert assign(browser, "devices/van-000", person=aino, vehicle=aino).status_code == 422
            assert assign(browser, "devices/van-000", person=aino, since="2026-03-01T12:00:00").status_code == 422
            beyond = assign(browser, "devices/van-000", person=aino, until="9999-12-31T23:59:59-12:00")
            assert (beyond.status_code, beyond.json()["error"]["code"]) == (422, "bad_period")
            assign(browser, "devices/van-000", person=aino)
            clash = assign(browser, "devices/van-000", person=mikko, since=(NOW - HOUR).isoformat())
            assert (clash.status_code, clash.json()["error"]["code"]) == (409, "assignment_overlap")

"""Geofences over REST: drawn, described, changed by whoever may, and of one's own tenant alone."""

import concurrent.futures
import uuid
from typing import Any

import psycopg
import pytest

from domain import accounts as domain_accounts
from tests.integration.api.live_site import Site

CIRCLE = {
    "name": "Depot",
    "kind": "depot",
    "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
    "radius_m": 150,
}
ROAD = {
    "name": "Road",
    "geometry": {"type": "LineString", "coordinates": [[24.9, 60.1], [25.0, 60.1]]},
    "width_m": 40,
    "schedule": {"from": "22:00", "to": "06:00", "days": [5, 6]},
    "rules": {"dwell_s": 600, "guard": {"from": "22:00", "to": "06:00"}},
    "assigned_to": {"devices": ["van-001"]},
}
PATH = "/api/v1/geofences"


@pytest.fixture
def manager(site: Site) -> str:
    return site.sign_in("acme", "Mona", domain_accounts.Role.MANAGER)


def error_of(answer: Any) -> tuple[int, str, str]:
    body = answer.json()["error"]
    return answer.status_code, body["code"], body["message"]


def test_a_fence_is_added_drawn_changed_and_removed(site: Site, manager: str) -> None:
    with site.http(manager) as browser:
        added = browser.post(PATH, json=CIRCLE)
        assert added.status_code == 201
        fence_id = added.json()["id"]
        [feature] = browser.get(PATH).json()["features"]
        assert (feature["id"], feature["geometry"]["type"]) == (fence_id, "Polygon")
        [ring] = feature["geometry"]["coordinates"]
        # 150 m are 0.00135 degrees of latitude.
        assert max(lat for _, lat in ring) == pytest.approx(60.17 + 150 / 111_412, abs=1e-6)
        assert (feature["properties"]["name"], feature["properties"]["kind"]) == ("Depot", "depot")

        changed = browser.patch(f"{PATH}/{fence_id}", json={"name": "Yard", "rules": {"speed_limit_mps": 8}})
        assert changed.status_code == 200
        described = browser.get(f"{PATH}/{fence_id}").json()
        assert described == changed.json()
        assert (described["name"], described["radius_m"], described["rules"]) == ("Yard", 150, {"speed_limit_mps": 8})
        moved = browser.patch(f"{PATH}/{fence_id}", json={"geometry": ROAD["geometry"], "width_m": 20}).json()
        assert (moved["width_m"], moved["radius_m"]) == (20, None)

        assert browser.delete(f"{PATH}/{fence_id}").status_code == 204
        assert browser.get(PATH).json()["features"] == []
        assert error_of(browser.delete(f"{PATH}/{fence_id}"))[:2] == (404, "geofence_not_found")


def test_a_corridor_is_drawn_as_wide_as_it_is_and_tells_whom_it_looks_at(site: Site, manager: str) -> None:
    with site.http(manager) as browser:
        assert browser.post(PATH, json=ROAD).status_code == 201
        [feature] = browser.get(PATH).json()["features"]

    [ring] = feature["geometry"]["coordinates"]
    lats = [lat for _, lat in ring]
    # The great circle between the two ends is 0.9 m north of their parallel in the middle.
    assert (max(lats) - min(lats)) * 111_412 == pytest.approx(40, abs=1.5)
    assert feature["properties"]["assigned_to"] == {"devices": ["van-001"], "vehicles": [], "people": [], "groups": []}
    assert feature["properties"]["schedule"] == {"days": [5, 6], "from": "22:00", "to": "06:00", "zone": None}


@pytest.mark.parametrize(
    ("form", "code", "said"),
    [
        ({}, "invalid_geofence", "name is a text"),
        ({"name": "A"}, "invalid_shape", "the geometry is a GeoJSON geometry"),
        ({**CIRCLE, "radius_m": None}, "invalid_shape", "a Point needs radius_m"),
        ({**CIRCLE, "radius_m": "wide"}, "invalid_geofence", "radius_m is a number"),
        ({**CIRCLE, "tenant_id": str(uuid.uuid4())}, "invalid_geofence", "a geofence has no tenant_id"),
        ({**CIRCLE, "kind": "castle"}, "invalid_geofence", "no kind of geofence is called 'castle'"),
        ({**CIRCLE, "schedule": {"from": "8", "to": 9}}, "invalid_geofence", "schedule: "),
        (
            {**CIRCLE, "schedule": {"from": "08:00", "to": "09:00", "zone": "Moon/Base"}},
            "invalid_schedule",
            "Moon/Base",
        ),
        ({**CIRCLE, "assigned_to": {"devices": ["van-999"]}}, "invalid_geofence", "no device van-999"),
        ({**CIRCLE, "assigned_to": {"drivers": []}}, "invalid_geofence", "assigned_to has devices"),
        ({**CIRCLE, "geometry": {"type": "Point", "coordinates": [1e400, 0]}}, "", ""),
    ],
)
def test_what_can_not_be_meant_is_refused_in_a_sentence(
    site: Site, manager: str, form: dict[str, Any], code: str, said: str
) -> None:
    with site.http(manager) as browser:
        if not code:  # JSON has no such number
            answer = browser.post(
                PATH, content=b'{"name": "A", "geometry": {"type": "Point", "coordinates": [1e999, 0]}}'
            )
            assert answer.status_code == 422
            return
        status, told, message = error_of(browser.post(PATH, json=form))

        assert (status, told) == (422, code)
        assert said in message
        assert browser.get(PATH).json()["features"] == []


def test_a_dispatcher_sees_fences_and_changes_none(site: Site, manager: str) -> None:
    with site.http(manager) as browser:
        fence_id = browser.post(PATH, json=CIRCLE).json()["id"]

    with site.http(site.sign_in("acme", "Dana")) as browser:
        assert len(browser.get(PATH).json()["features"]) == 1
        for answer in (
            browser.post(PATH, json=ROAD),
            browser.patch(f"{PATH}/{fence_id}", json={"name": "Mine"}),
            browser.delete(f"{PATH}/{fence_id}"),
        ):
            assert error_of(answer)[:2] == (403, "not_permitted")


def test_another_tenants_fence_is_not_there(site: Site, manager: str) -> None:
    site.add_tenant("other")
    with site.http(site.sign_in("other", "Olga", domain_accounts.Role.ADMIN)) as browser:
        fence_id = browser.post(PATH, json=CIRCLE).json()["id"]

    with site.http(manager) as browser:
        assert browser.get(PATH).json()["features"] == []
        for answer in (
            browser.get(f"{PATH}/{fence_id}"),
            browser.patch(f"{PATH}/{fence_id}", json={"name": "Ours"}),
            browser.delete(f"{PATH}/{fence_id}"),
        ):
            assert error_of(answer)[:2] == (404, "geofence_not_found")


def test_a_change_waits_for_a_removal_under_way_and_brings_nothing_back(site: Site, manager: str) -> None:
    with site.http(manager) as browser, concurrent.futures.ThreadPoolExecutor(1) as pool:
        fence_id = browser.post(PATH, json=CIRCLE).json()["id"]
        with psycopg.connect(site.database.owner_dsn) as remover:
            remover.execute("UPDATE geofence SET active = false WHERE id = %s", [fence_id])
            changing = pool.submit(browser.patch, f"{PATH}/{fence_id}", json={"name": "Yard"})
            waiting = "SELECT FROM pg_locks WHERE NOT granted AND %s::int = ANY(pg_blocking_pids(pid))"
            with psycopg.connect(site.database.owner_dsn, autocommit=True) as other:
                while other.execute(waiting, [remover.info.backend_pid]).fetchone() is None:
                    assert not changing.done(), changing.result().text

        assert error_of(changing.result())[:2] == (404, "geofence_not_found")
        assert browser.get(PATH).json()["features"] == []


def test_a_row_that_nobody_can_read_hides_no_other_fence(site: Site, manager: str) -> None:
    with site.http(manager) as browser:
        for name in ("Depot", "Broken"):
            assert browser.post(PATH, json={**CIRCLE, "name": name}).status_code == 201
        with psycopg.connect(site.database.owner_dsn, autocommit=True) as connection:
            connection.execute("UPDATE geofence SET rules = '{\"dwell_s\": -1}' WHERE name = 'Broken'")

        assert [each["properties"]["name"] for each in browser.get(PATH).json()["features"]] == ["Depot"]

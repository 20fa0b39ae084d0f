"""What happened at fences over REST: stays and events of one's own tenant, audited as all that tells where somebody was."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from db import tables
from domain import accounts as domain_accounts
from tests.integration.api.live_site import Site

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR = dt.timedelta(hours=1)
OUTLINE = "SRID=4326;POLYGON((24.94 60.17, 24.95 60.17, 24.95 60.18, 24.94 60.17))"


def text(time: dt.datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


@pytest.fixture
def fence_id(site: Site, owner: sa.Engine) -> uuid.UUID:
    """A fence at which van-000 was for an hour, with a correction, and was again 30 hours ago; it is watched no more."""
    made = uuid.uuid4()
    site.give_person("acme")
    tenant = {"tenant_id": site.tenant_ids["acme"]}
    own = {**tenant, "geofence_id": made, "device_id": site.device_id("acme")}
    with owner.begin() as connection:
        connection.execute(
            sa.insert(tables.geofence).values(**tenant, id=made, name="Depot", geom=OUTLINE, active=False)
        )
        for ago, corrected in ((3 * HOUR, NOW), (30 * HOUR, None)):
            stay = uuid.uuid4()
            entered, exited = NOW - ago, NOW - ago + HOUR
            visit = {**own, "id": stay, "entered_at": entered, "exited_at": exited, "corrected_at": corrected}
            connection.execute(sa.insert(tables.visit).values(**visit, enter_reason="count", exit_reason="deep"))
            for time, kind, reason in ((entered, "entered", "count"), (exited, "exited", "deep")):
                event = {**own, "time": time, "kind": kind, "reason": reason, "decided_at": time, "visit_id": stay}
                receipt = {"received_at": NOW, "late": corrected is not None, "corrected_at": corrected}
                connection.execute(sa.insert(tables.geofence_event).values(**event, **receipt))
    return made


def test_stays_tell_when_why_how_long_and_who(site: Site, dana: str, fence_id: uuid.UUID) -> None:
    with site.http(dana) as browser:
        answer = browser.get("/api/v1/visits")

    assert answer.status_code == 200, answer.text
    [visit] = answer.json()["visits"]
    assert uuid.UUID(visit.pop("id"))
    assert visit == {
        "geofence_id": str(fence_id),
        "fence": "Depot",
        "device_id": site.device_id("acme"),
        "device": "van-000",
        "person": "Aino V",
        "vehicle": None,
        "entered_at": text(NOW - 3 * HOUR),
        "dwelled_at": None,
        "exited_at": text(NOW - 2 * HOUR),
        "duration_s": 3600.0,
        "enter_reason": "count",
        "exit_reason": "deep",
        "corrected_at": text(NOW),
    }
    assert answer.json()["next"] is None


def test_events_tell_why_and_what_late_data_has_changed(site: Site, dana: str, fence_id: uuid.UUID) -> None:
    with site.http(dana) as browser:
        exited, entered = browser.get("/api/v1/geofence-events").json()["events"]
        [visit] = browser.get("/api/v1/visits").json()["visits"]

    assert (exited["kind"], exited["reason"], exited["time"]) == ("exited", "deep", text(NOW - 2 * HOUR))
    assert (entered["kind"], entered["reason"], entered["decided_at"]) == ("entered", "count", text(NOW - 3 * HOUR))
    assert (entered["late"], entered["corrected_at"], entered["person"]) == (True, text(NOW), "Aino V")
    assert (entered["speed_mps"], entered["geofence_id"]) == (None, str(fence_id))
    assert entered["visit_id"] == exited["visit_id"] == visit["id"]


def test_they_are_narrowed_and_come_page_by_page(site: Site, dana: str, fence_id: uuid.UUID) -> None:
    week = {"since": text(NOW - 168 * HOUR), "until": text(NOW)}
    with site.http(dana) as browser:
        for path, name, count in (("visits", "visits", 2), ("geofence-events", "events", 4)):

            def read(path: str = path, **asked: str | int) -> dict[str, object]:
                answer = browser.get(f"/api/v1/{path}", params={**week, **asked})
                assert answer.status_code == 200, answer.text
                return dict(answer.json())

            whole = read(device="van-000", geofence=str(fence_id))[name]
            first = read(limit=count - 1)
            second = read(limit=count - 1, before=str(first["next"]))

            assert isinstance(whole, list)
            assert len(whole) == count
            assert [*first[name], *second[name]] == whole  # type: ignore[misc]
            assert second["next"] is None
            assert read(device="van-001")[name] == []
        assert {each["kind"] for each in read(kind="entered")["events"]} == {"entered"}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("fence_id")
def test_reading_them_is_in_the_audit(site: Site, dana: str) -> None:
    admin = site.sign_in("acme", "Ada", domain_accounts.Role.ADMIN)
    with site.http(dana) as browser, site.http(admin) as admins:
        browser.get("/api/v1/visits", params={"device": "van-000", "until": text(NOW)})
        browser.get("/api/v1/geofence-events", params={"until": text(NOW)})
        events, visits = admins.get("/api/v1/audit").json()

    assert {(line["act"], line["actor"]) for line in (events, visits)} == {("track_read", "Dana")}
    assert (events["subject"], events["detail"]["what"]) == ("all devices", "geofence events")
    assert (visits["subject"], visits["detail"]["what"]) == ("device van-000", "visits")
    assert visits["detail"]["since"] == (NOW - 24 * HOUR).isoformat()


def test_of_another_tenant_nothing_is_found(site: Site, fence_id: uuid.UUID) -> None:
    other = site.sign_in("other", "Olga", domain_accounts.Role.ADMIN)
    with site.http(other) as others:
        assert others.get("/api/v1/visits").json() == {"visits": [], "next": None}
        assert others.get("/api/v1/geofence-events").json() == {"events": [], "next": None}
        for path in ("visits", "geofence-events"):
            answer = others.get(f"/api/v1/{path}", params={"geofence": str(fence_id)})
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "geofence_not_found")


@pytest.mark.parametrize("path", ["visits", "geofence-events"])
@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"device": "van-999"}, 404, "not_found"),
        ({"geofence": str(uuid.UUID(int=1))}, 404, "geofence_not_found"),
        ({"before": "the beginning"}, 422, "bad_mark"),
        ({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, 422, "bad_period"),
        ({"since": "0001-01-01T00:00:00Z"}, 422, "bad_period"),
        ({"until": "0001-01-01T00:00:00Z"}, 422, "bad_period"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    site: Site, dana: str, path: str, asked: dict[str, str], status: int, code: str
) -> None:
    with site.http(dana) as browser:
        answer = browser.get(f"/api/v1/{path}", params=asked)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert browser.get(f"/api/v1/{path}", params={"since": "2026-03-01T00:00:00"}).status_code == 422
        assert browser.get("/api/v1/geofence-events", params={"kind": "flown"}).status_code == 422


@pytest.mark.usefixtures("fence_id")
def test_a_units_card_tells_the_reason_and_the_correction(site: Site, dana: str) -> None:
    with site.http(dana) as browser:
        newest, *_, oldest = browser.get(f"/api/v1/units/{site.device_id('acme')}").json()["events"]

    assert (newest["kind"], newest["reason"], newest["corrected_at"]) == ("exited", "deep", text(NOW))
    assert (oldest["kind"], oldest["reason"], oldest["corrected_at"]) == ("entered", "count", None)

"""Phones with public apps, as real requests and real MQTT against a real ingest: each app as docs/trackers.md sets it up."""

import datetime as dt
import json
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from db import assignments, devices, engine, sender_queue, sender_tokens, tables
from domain import assignments as domain_assignments
from ingest.senders import gate, http_app, http_server, intake, kept
from stack import ports
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess
from tests.integration.ingest.conftest import Acme, OwnServer
from tests.integration.stack import mqtt_probe
from tests.meta import repository

PHONE = "phone-1"
TRACKERS = repository.document("docs/trackers.md")
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
TST = int(NOW.timestamp())
ISO = NOW.isoformat().replace("+00:00", "Z")
FIXES = """
SELECT d.name, f.time, f.lat, f.lon, f.speed_mps, f.course_deg, f.accuracy_m, f.alt_m, f.fix_mode
FROM fix f JOIN device d ON d.id = f.device_id ORDER BY f.time
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A running ingest that phones post to, and the token of one phone."""

    acme: Acme
    process: IngestProcess
    url: str
    token: str

    def fixes(self, count: int = 1) -> list[tuple[Any, ...]]:
        wait_for(lambda: len(self.acme.select(FIXES)) >= count)
        return self.acme.select(FIXES)

    def owntracks(self, record: Any, *, user: str = f"acme/{PHONE}", token: str | None = None) -> httpx.Response:
        auth = (user, self.token if token is None else token)
        return httpx.post(f"{self.url}/owntracks", json=record, auth=auth)

    def osmand(self, **parameters: str | float) -> httpx.Response:
        return httpx.get(self.url, params={"id": self.token, **parameters})

    def traccar(self, location: Any, **more: object) -> httpx.Response:
        return httpx.post(f"{self.url}/", json={"device_id": self.token, "location": location, **more})

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.acme.select("SELECT topic, payload, reason FROM reject ORDER BY id")


def wait_for(reached: Callable[[], bool], limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.05)


def register(acme: Acme, name: str = PHONE) -> str:
    """A registered phone's token."""
    with engine.connect(acme.database.owner_dsn) as connection:
        devices.add(connection, acme.tenant_id, [devices.NewDevice(name=name, kind="phone")])
        connection.commit()
    return token_of(acme, name)


def token_of(acme: Acme, name: str) -> str:
    with engine.connect(acme.database.owner_dsn) as connection:
        token = sender_tokens.add(connection, acme.tenant_id, name, created_by="root", now=NOW)
        connection.commit()
    return token


def listening(acme: Acme, make_ingest: IngestFactory, **settings: str) -> Listener:
    token, port = register(acme), ports.free()
    process = make_ingest(INGEST_HTTP_PORT=str(port), **settings)
    process.start()
    process.wait_until_at_work()
    return Listener(acme=acme, process=process, url=f"http://127.0.0.1:{port}", token=token)


@pytest.fixture
def listener(acme: Acme, make_ingest: IngestFactory) -> Iterator[Listener]:
    made = listening(acme, make_ingest)
    yield made
    log = made.process.log_file.read_text()
    assert made.token not in log, "a token is in the log"
    assert "Traceback" not in log


def configuration(host: str) -> dict[str, Any]:
    """The settings of OwnTracks that docs/trackers.md has for this host."""
    [text] = [
        block for block in re.findall(r"```json\n(.*?)```", TRACKERS, re.DOTALL) if f"{host}.example.org" in block
    ]
    found: dict[str, Any] = json.loads(text)
    return found


def location(second: int = 0, **more: Any) -> dict[str, Any]:
    return {"_type": "location", "lat": 60.17, "lon": 24.94, "tst": TST + second, "tid": "p1", **more}


def traccar_location(second: int = 0, **more: Any) -> dict[str, Any]:
    """As the template of Traccar Client 9 fills it in."""
    return {
        "timestamp": (NOW + dt.timedelta(seconds=second)).isoformat().replace("+00:00", "Z"),
        "coords": {
            "latitude": 60.17,
            "longitude": 24.94,
            "accuracy": 5,
            "speed": 10,
            "heading": 90,
            "altitude": 20,
        },
        "is_moving": True,
        "odometer": 0,
        "event": "",
        "battery": {"level": 0.5, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {},
        "_": "&id=whatever&lat=60.17&lon=24.94&",
        **more,
    }


class TestEachApp:
    def test_owntracks_over_http(self, listener: Listener) -> None:
        app = configuration("track")
        address = app["url"].replace("https://track.example.org", listener.url)
        token = app["password"].replace("TOKEN", listener.token)
        said = location(vel=36, cog=90, acc=5, alt=20, batt=80)

        answer = httpx.post(address, json=said, auth=(app["username"], token))

        assert (answer.status_code, answer.json()) == (200, [])
        assert listener.fixes() == [(PHONE, NOW, 60.17, 24.94, 10.0, 90.0, 5.0, 20.0, 3)]
        status = listener.acme.select("SELECT online, battery_pct, version, gps FROM device_status")
        assert status == [(True, 80.0, "OwnTracks", "3d")]
        wait_for(lambda: not listener.acme.select("SELECT id FROM sender_queue"))

    def test_traccar_client(self, listener: Listener) -> None:
        answer = listener.traccar(traccar_location())

        assert (answer.status_code, answer.json()) == (200, {})
        assert listener.fixes() == [(PHONE, NOW, 60.17, 24.94, 10.0, 90.0, 5.0, 20.0, 3)]

    def test_traccar_client_in_batches(self, listener: Listener) -> None:
        answer = listener.traccar([traccar_location(second) for second in range(5)])

        assert answer.status_code == 200
        assert [row[1] for row in listener.fixes(5)] == [NOW + dt.timedelta(seconds=second) for second in range(5)]

    def test_an_older_traccar_client(self, listener: Listener) -> None:
        query = {"lat": 60.17, "lon": 24.94, "speed": 19.4384, "bearing": 90, "altitude": 20, "accuracy": 5, "batt": 50}

        answer = httpx.post(f"{listener.url}/", params={"id": listener.token, "timestamp": TST, **query})

        assert answer.status_code == 200
        [(name, at, *_, speed_mps, course_deg, accuracy_m, alt_m, mode)] = listener.fixes()
        assert (name, at, course_deg, accuracy_m, alt_m, mode) == (PHONE, NOW, 90, 5, 20, 3)
        assert speed_mps == pytest.approx(10, abs=1e-3)

    def test_osmand(self, listener: Listener) -> None:
        [(path, template)] = re.findall(r"^https://track.example.org(/osmand)\?(\S+)$", TRACKERS, re.MULTILINE)
        # As OsmAnd fills in its numbers.
        filled = template.replace("TOKEN", listener.token).format(60.17, 24.94, TST * 1000, 5, 20, 10, 90)

        answer = httpx.get(f"{listener.url}{path}?{filled}")

        assert answer.status_code == 200
        assert listener.fixes() == [(PHONE, NOW, 60.17, 24.94, 10.0, 90.0, 5.0, 20.0, 3)]

    @pytest.mark.parametrize(("path", "answer"), [("/osmand", b"{}"), ("/owntracks", b"[]")])
    def test_the_line_to_try_it_is_answered_as_documented(self, listener: Listener, path: str, answer: bytes) -> None:
        [line] = [line for line in TRACKERS.splitlines() if line.strip().startswith("curl") and f":5055{path}" in line]
        line = line.replace("http://127.0.0.1:5055", listener.url).replace("TOKEN", listener.token)

        said = subprocess.run(["bash", "-c", line], capture_output=True, check=True, timeout=20).stdout

        assert said == answer
        assert f"answered with `{answer.decode()}`" in TRACKERS
        assert [(name, lat, lon) for name, _, lat, lon, *_ in listener.fixes()] == [(PHONE, 60.17, 24.94)]

    def test_a_form_is_as_good_as_a_query(self, listener: Listener) -> None:
        answer = httpx.post(listener.url, data={"id": listener.token, "lat": 60.17, "lon": 24.94, "timestamp": ISO})

        assert answer.status_code == 200
        assert len(listener.fixes()) == 1

    @pytest.mark.usefixtures("ingest")
    @pytest.mark.parametrize("topic", ["owntracks/%u", "owntracks/%u/%d"])
    def test_owntracks_over_mqtt(self, acme: Acme, broker: RunningBroker, topic: str) -> None:
        register(acme)
        app = configuration("mqtt")
        # The app's default, as the documented settings have it, and what some set instead.
        assert app["pubTopicBase"] == "owntracks/%u/%d"
        base = topic.replace("%u", app["username"]).replace("%d", app["deviceId"])
        with mqtt_probe.connected(broker, app["username"]) as phone:
            assert phone.publish(base, json.dumps(location(vel=36, batt=80)).encode()) == "Success"
            wait_for(lambda: len(acme.select(FIXES)) == 1)
            [(online, version)] = acme.select("SELECT online, version FROM device_status")
            assert (online, version) == (True, "OwnTracks")

            entered = {"_type": "transition", "event": "enter", "desc": "Depot", "tst": TST, "lat": 60.1, "lon": 24.9}
            phone.publish(f"{base}/event", json.dumps(entered | {"wtst": 1, "acc": 12}).encode())
            made = {"_type": "waypoint", "desc": "Depot", "tst": 9999, "lat": 60.1, "lon": 24.9, "rad": "50"}
            phone.publish(f"{base}/waypoint", json.dumps(made).encode())
            wait_for(lambda: len(acme.select("SELECT FROM sender_event")) == 2)
            phone.publish(base, json.dumps({"_type": "lwt", "tst": 1}).encode())
            wait_for(lambda: acme.select("SELECT online FROM device_status") == [(False,)])

        assert acme.select("SELECT kind, place, lat, radius_m, accuracy_m FROM sender_event ORDER BY kind") == [
            ("entered", "Depot", 60.1, None, 12.0),
            ("waypoint", "Depot", 60.1, 50.0, None),
        ]
        assert acme.select("SELECT FROM geofence_event") == [], "our fences decide, not the phone"
        assert len(acme.select(FIXES)) == 1


class TestPresses:
    def test_an_sos_of_traccar_client_is_an_alert_and_counts_once(self, listener: Listener) -> None:
        sos = traccar_location(extras={"alarm": "sos"})

        answers = [listener.traccar(sos).status_code for _ in range(3)]

        assert answers == [200, 200, 200]
        [(state, device, press_count, lat)] = listener.acme.select(
            "SELECT state, device_name, press_count, location_lat FROM alert"
        )
        assert (state, device, press_count, lat) == ("open", PHONE, 1, 60.17)
        assert len(listener.fixes()) == 1

    def test_an_sos_is_of_who_has_the_phone(self, listener: Listener) -> None:
        acme, person = listener.acme, uuid.uuid4()
        with engine.connect(acme.database.owner_dsn) as connection:
            named = {"first_name": "Aino", "last_name": "Virtanen", "kind": "courier"}
            connection.execute(sa.insert(tables.person).values(tenant_id=acme.tenant_id, id=person, **named))
            [(phone,)] = acme.select("SELECT id FROM device WHERE name = %s", PHONE)
            thing = assignments.Thing(kind=domain_assignments.Thing.DEVICE, key=phone)
            holder = assignments.Holder(kind=domain_assignments.Holder.PERSON, id=person)
            assignments.assign(connection, acme.tenant_id, thing, holder, since=NOW - dt.timedelta(days=1), by="root")
            connection.commit()

        assert listener.osmand(alarm="sos", timestamp=TST).status_code == 200

        [(text, person_id, remarks)] = acme.select("SELECT text, person_id, remarks FROM alert")
        assert (text, person_id) == ("Panic button activated by Aino Virtanen", person)
        assert "unknown_fob" not in remarks

    def test_an_sos_without_a_readable_position_is_an_alert_all_the_same(self, listener: Listener) -> None:
        answer = listener.osmand(alarm="sos", lat="north", lon=24.94)

        assert answer.status_code == 200
        assert listener.acme.select("SELECT kind, remarks FROM press") == [("press", ["lat is not a number"])]
        assert len(listener.acme.select("SELECT FROM alert")) == 1

    def test_an_sos_of_a_phone_that_nobody_has_registered_is_an_alert(self, listener: Listener) -> None:
        token = token_of(listener.acme, "stranger")

        answer = httpx.get(listener.url, params={"id": token, "alarm": "sos", "lat": 1, "lon": 2})

        assert answer.status_code == 200
        [(device, remarks)] = listener.acme.select("SELECT device_name, remarks FROM alert")
        assert device == "stranger"
        assert "unknown_device" in remarks

    def test_an_app_that_presses_without_end_keeps_no_other_waiting(self, listener: Listener) -> None:
        other = register(listener.acme, "phone-2")
        batch = [traccar_location(second, extras={"alarm": "sos"}) for second in range(100)]

        answer = listener.traccar(batch)
        calm = httpx.get(listener.url, params={"id": other, "alarm": "sos"})

        assert (answer.status_code, calm.status_code) == (429, 200)
        counts = dict(listener.acme.select("SELECT device_name, press_count FROM alert"))
        assert counts.pop("phone-2") == 1
        assert gate.PRESSES_AT_ONCE <= counts.pop(PHONE) < len(batch)
        assert not counts


class TestRefusals:
    @pytest.mark.parametrize("token", ["", "wrong", "x" * 1000, "\x00"])
    def test_an_unknown_token_is_refused_and_nothing_is_kept(self, listener: Listener, token: str) -> None:
        by_query = httpx.get(listener.url, params={"id": token, "lat": 1, "lon": 2})
        by_body = httpx.post(listener.url, json={"device_id": token, "location": traccar_location()})

        assert [by_query.status_code, by_body.status_code] == [401, 401]
        assert listener.owntracks(location(), token=token or "?").status_code == 401
        assert listener.rejects() == []

    def test_a_token_is_good_for_its_own_user_name_alone(self, listener: Listener) -> None:
        assert listener.owntracks(location(), user="acme/van-000").status_code == 401
        assert listener.owntracks(location(), user=PHONE).status_code == 200
        assert httpx.post(f"{listener.url}/owntracks", json=location()).status_code == 401

    def test_a_phone_cannot_speak_for_another_whatever_it_says(self, listener: Listener) -> None:
        record = location(topic="owntracks/acme/van-000", username="acme/van-000")
        listener.owntracks(record)
        listener.traccar(traccar_location(5), deviceid="van-000")

        assert {row[0] for row in listener.fixes(2)} == {PHONE}

    def test_a_revoked_token_is_refused_within_seconds(self, listener: Listener) -> None:
        assert listener.osmand(lat=1, lon=2).status_code == 200
        with engine.connect(listener.acme.database.owner_dsn) as connection:
            assert sender_tokens.revoke(connection, listener.acme.tenant_id, PHONE, now=NOW) == 1
            connection.commit()

        wait_for(lambda: listener.osmand(lat=1, lon=2).status_code == 401)

    def test_what_cannot_be_read_is_kept_once_with_its_reason_and_let_off_at_last(self, listener: Listener) -> None:
        bad = {"_type": "location", "lat": 95, "lon": 1, "tst": TST}

        answers = [listener.owntracks(bad) for _ in range(4)]

        assert [answer.status_code for answer in answers] == [400, 400, 400, 200]
        assert answers[0].json()["error"]["message"] == "lat 95 is not within -90 to 90"
        [(topic, payload, reason)] = listener.rejects()
        assert (topic, reason) == (f"http/owntracks/acme/{PHONE}", "lat 95 is not within -90 to 90")
        assert json.loads(payload) == bad

    def test_the_token_is_not_among_the_rejects(self, listener: Listener) -> None:
        listener.osmand(lat=95, lon=2)
        listener.traccar({"timestamp": "never", "_": f"&id={listener.token}&", "coords": {}})

        kept = listener.rejects()
        assert [topic for topic, *_ in kept] == [f"http/osmand/acme/{PHONE}", f"http/traccar/acme/{PHONE}"]
        assert not any(listener.token.encode() in payload for _, payload, _ in kept)

    def test_an_encrypted_payload_says_what_to_do(self, listener: Listener) -> None:
        answer = listener.owntracks({"_type": "encrypted", "data": "AAAA"})

        assert answer.status_code == 400
        assert "clear the encryption key" in answer.json()["error"]["message"]

    def test_what_is_no_business_of_ours_is_passed_over(self, listener: Listener) -> None:
        answer = listener.owntracks({"_type": "card", "name": "Jane", "tid": "p1"})

        assert (answer.status_code, answer.json()) == (200, [])
        assert listener.rejects() == []

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/owntracks", 405), ("PUT", "/", 405), ("GET", "/admin", 404), ("POST", "/owntracks/../x", 404)],
    )
    def test_other_addresses_are_told_so(self, listener: Listener, method: str, path: str, status: int) -> None:
        assert httpx.request(method, listener.url + path).status_code == status

    def test_a_body_without_end_is_cut_off(self, listener: Listener) -> None:
        answer = httpx.post(f"{listener.url}/owntracks", content=b"x" * 1_000_000, auth=(PHONE, listener.token))
        assert answer.status_code == 413

    def test_a_good_location_counts_beside_a_bad_one(self, listener: Listener) -> None:
        answer = listener.traccar([traccar_location(), {"timestamp": "never", "coords": {}}])

        assert answer.status_code == 200
        assert len(listener.fixes()) == 1
        [(_, _, reason)] = listener.rejects()
        assert reason == "location 1: timestamp is not an ISO 8601 time: 'never'"

    def test_a_sender_of_too_much_is_told_to_wait_and_its_sos_is_taken(self, listener: Listener) -> None:
        with httpx.Client() as client:
            query: dict[str, str | int] = {"id": listener.token, "batt": 5}
            answers = [client.get(listener.url, params=query) for _ in range(900)]
            sos = client.get(listener.url, params={**query, "alarm": "sos"})

        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert int(refused[-1].headers["Retry-After"]) >= 1
        assert sos.status_code == 200
        assert len(listener.acme.select("SELECT FROM alert")) == 1


class TestTrouble:
    def test_without_a_database_phones_are_told_to_keep_their_messages(
        self, own_server: OwnServer, make_ingest: IngestFactory
    ) -> None:
        acme = own_server.acme
        made = listening(acme, make_ingest, INGEST_DATABASE_URL=acme.database.backend_dsn)
        assert made.osmand(lat=1, lon=2, timestamp=TST).status_code == 200
        own_server.server.stop()

        answers = [made.osmand(lat=1, lon=2, timestamp=TST + 1), made.osmand(alarm="sos", timestamp=TST + 1)]

        assert [answer.status_code for answer in answers] == [503, 503]
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        own_server.server.start()
        wait_for(lambda: made.osmand(lat=1, lon=2, timestamp=TST + 1).status_code == 200)
        wait_for(lambda: made.osmand(alarm="sos", timestamp=TST + 1).status_code == 200)
        assert len(made.fixes(2)) == 2
        assert len(acme.select("SELECT FROM alert")) == 1

    def test_while_too_much_waits_phones_are_told_to_keep_theirs(self, listener: Listener) -> None:
        with psycopg.connect(listener.acme.database.owner_dsn) as connection:
            # Of a shard that there is not, so that nobody takes them away.
            connection.execute(
                "INSERT INTO sender_queue (tenant_id, received_at, shard, topic, payload)"
                " SELECT %s, now(), 99, '', '' FROM generate_series(1, %s)",
                [listener.acme.tenant_id, sender_queue.MOST_WAITING],
            )
        wait_for(lambda: listener.osmand(lat=1, lon=2).status_code == 503)
        assert httpx.get(f"{listener.url}/health").status_code == 503
        assert listener.osmand(lat=1, lon=2, alarm="sos").status_code == 503
        assert len(listener.acme.select("SELECT FROM alert")) == 1, "its position waits, the call doesn't"
        with psycopg.connect(listener.acme.database.owner_dsn) as connection:
            connection.execute("DELETE FROM sender_queue")

        wait_for(lambda: listener.osmand(lat=1, lon=2).status_code == 200)
        assert httpx.get(f"{listener.url}/health").json() == {"status": "ok"}

    def test_what_is_answered_is_stored_whenever_ingest_dies(self, listener: Listener) -> None:
        for second in range(50):
            assert listener.osmand(lat=60, lon=24, timestamp=TST + second).status_code == 200
        listener.process.kill()

        listener.process.start()
        listener.process.wait_until_at_work()

        assert len(listener.fixes(50)) == 50
        wait_for(lambda: not listener.acme.select("SELECT id FROM sender_queue"))

    def test_any_process_takes_a_phone_and_the_holder_of_its_shard_writes_it(
        self, listener: Listener, make_ingest: IngestFactory
    ) -> None:
        other = make_ingest()
        other.start()
        for process in (listener.process, other):
            process.wait_until(lambda vitals: 0 < vitals.get("shards", 0) < 40)
        tokens = {name: register(listener.acme, name) for name in (f"phone-{number}" for number in range(20, 32))}

        for name, token in tokens.items():
            answer = httpx.get(listener.url, params={"id": token, "lat": 60, "lon": 24, "timestamp": TST})
            assert (name, answer.status_code) == (name, 200)

        assert {row[0] for row in listener.fixes(12)} == set(tokens)
        assert all(process.vitals()["fixes"] > 0 for process in (listener.process, other)), "both wrote some"

    @pytest.mark.usefixtures("acme")
    def test_a_taken_port_is_told_at_start(self, make_ingest: IngestFactory) -> None:
        process = make_ingest(INGEST_HTTP_PORT="5055", INGEST_HTTP_HOST="192.0.2.1")
        process.start()

        assert process.process is not None
        assert process.process.wait(20) == 2
        assert "INGEST_HTTP_HOST, INGEST_HTTP_PORT: 192.0.2.1:5055: " in process.log_file.read_text()


class TestQuarantine:
    def test_a_sender_that_nobody_registered_waits_and_flows_once_it_is_adopted(self, listener: Listener) -> None:
        token = token_of(listener.acme, "stranger")

        def send(second: int) -> httpx.Response:
            return httpx.get(listener.url, params={"id": token, "lat": 60, "lon": 24, "timestamp": TST + second})

        # Not 202, which is no success for every app.
        assert [send(0).status_code, send(1).status_code] == [200, 200]
        [(name, messages, topic)] = listener.acme.select("SELECT device_name, messages, last_topic FROM quarantine")
        assert (name, messages, topic) == ("stranger", 2, "http/osmand/acme/stranger")
        assert len(listener.rejects()) == 2
        with psycopg.connect(listener.acme.database.owner_dsn) as connection:
            connection.execute(
                "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), 'stranger')",
                [listener.acme.tenant_id],
            )

        assert send(2).status_code == 200
        assert [row[1] - NOW for row in listener.fixes()] == [dt.timedelta(seconds=2)]
        with psycopg.connect(listener.acme.database.backend_dsn, autocommit=True) as connection:
            again = [kept.delivery(topic, payload, NOW) for topic, payload, _ in listener.rejects()]
            assert intake.take(connection, [each for each in again if each]) == [intake.Fate.TAKEN] * 2
        assert [row[1] - NOW for row in listener.fixes(3)] == [dt.timedelta(seconds=second) for second in range(3)]

    @pytest.mark.usefixtures("ingest")
    def test_a_user_of_the_broker_that_nobody_registered_waits(self, acme: Acme, broker: RunningBroker) -> None:
        with mqtt_probe.connected(broker, "acme/ghost") as phone:
            phone.publish("owntracks/acme/ghost", json.dumps(location()).encode())
            wait_for(lambda: bool(acme.select("SELECT FROM quarantine WHERE device_name = 'ghost'")))
            phone.publish("driveops/v1/acme/ghost/status", b'{"t":"2026-03-01T12:00:00Z","online":true}')
            wait_for(lambda: acme.select("SELECT messages FROM quarantine") == [(2,)])


class TestHostileConnections:
    def test_a_head_that_never_ends_is_cut_off(self, listener: Listener) -> None:
        port = int(listener.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=http_server.HEAD_LIMIT_S * 3) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")

            assert listener.osmand(lat=1, lon=2).status_code == 200, "others are served meanwhile"
            assert ends(slow)

    def test_a_connection_that_says_nothing_is_cut_off(self, listener: Listener) -> None:
        port = int(listener.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=http_server.HEAD_LIMIT_S * 3) as silent:
            assert ends(silent)

    def test_a_body_that_never_ends_is_cut_off(self, listener: Listener) -> None:
        port = int(listener.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=http_app.BODY_LIMIT_S * 3) as slow:
            slow.sendall(b"POST /osmand HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nid=")

            assert b"408" in slow.recv(100)

    @pytest.mark.parametrize(
        "noise",
        [
            b"\x00" * 100,
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ],
    )
    def test_noise_is_answered_or_cut_off_and_stops_nobody(self, listener: Listener, noise: bytes) -> None:
        port = int(listener.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=http_server.HEAD_LIMIT_S * 3) as loud:
            loud.sendall(noise)
            answer = loud.recv(100)

        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        assert listener.osmand(lat=1, lon=2).status_code == 200


def ends(connection: socket.socket) -> bool:
    """Whether the other side cuts it off before the time-out."""
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True

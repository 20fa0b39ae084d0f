"""What each lane does with a message, good or bad: over the real broker into the real database."""

import datetime as dt
import json
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from paho.mqtt import client as mqtt

from db import reject_log
from domain import live_frame
from domain.wire import control, topics
from stack import broker_config
from tests import device_sender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess
from tests.integration.ingest.conftest import Acme, OwnServer
from tests.integration.ingest.test_crashes import restart

VAN = "van-000"
NOW = dt.datetime.now(dt.UTC)


def meet(others: threading.Barrier) -> None:
    others.wait(10)


class Wire:
    """Publishes as the fleet and hears what goes down to devices and out to screens."""

    def __init__(self, broker: RunningBroker) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._sender = device_sender.connect(broker.url(broker_config.FLEET), "wire-sender")
        self._listener = device_sender.connect(broker.url(), "wire-listener")
        self._sender.on_connect = lambda client, *_: client.subscribe(f"{topics.PREFIX}/+/+/ack")
        self._listener.on_connect = lambda client, *_: client.subscribe(f"{topics.OUT_PREFIX}/#")
        listening = threading.Barrier(3)
        for client in (self._sender, self._listener):
            client.on_message = self._on_message
            client.on_subscribe = lambda *_: meet(listening)
            client.loop_start()
        listening.wait(10)

    def send(self, topic: str, payload: bytes) -> None:
        self._sender.publish(topic, payload, qos=1).wait_for_publish(10)

    def wait_for(self, topic: str, limit_s: float = 20.0) -> bytes:
        """The next payload on this topic."""
        deadline = time.monotonic() + limit_s
        while True:
            heard, payload = self.heard.get(timeout=max(0.0, deadline - time.monotonic()))
            if heard == topic:
                return payload

    def close(self) -> None:
        for client in (self._sender, self._listener):
            client.disconnect()
            client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))


@pytest.fixture
def wire(broker: RunningBroker) -> Iterator[Wire]:
    made = Wire(broker)
    yield made
    made.close()


def wait_for(found: Callable[[], list[tuple[Any, ...]]], limit_s: float = 20.0) -> list[tuple[Any, ...]]:
    deadline = time.monotonic() + limit_s
    while not (rows := found()):
        assert time.monotonic() < deadline, "no row has come"
        time.sleep(0.05)
    return rows


def topic_of(lane: topics.Lane, device: str = VAN, tenant: str = "acme") -> str:
    return topics.device_topic(tenant, device, lane)


def fix(seq: int = 1, second: int = 0, lat: float = 60.17, lon: float = 24.94) -> dict[str, Any]:
    time_of_fix = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=second)
    return {
        "t": time_of_fix.isoformat(timespec="milliseconds")[:-6] + "Z",
        "lat": lat,
        "lon": lon,
        "fix": 3,
        "seq": seq,
    }


def fixes_of(*items: dict[str, Any]) -> bytes:
    return json.dumps(items).encode()


def press(seq: int = 1, **other: Any) -> bytes:
    record = {
        "id": str(uuid.uuid4()),
        "t": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "clock": "gps",
        "fob": "F1",
        "kind": "press",
        "fix": None,
        "seq": seq,
    }
    return json.dumps(record | other).encode()


@pytest.mark.usefixtures("ingest")
class TestFixes:
    def test_a_fix_is_a_row_and_its_number_is_acknowledged(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(7), fix(8, 1)))

        ack = control.decode_ack(wire.wait_for(topic_of(topics.Lane.ACK)))

        assert ack == control.LaneAck(lane=topics.Lane.FIXES, seq=8, ranges=((7, 8),))
        assert acme.stored() == [(VAN, 7), (VAN, 8)]

    def test_an_unknown_device_is_rejected_and_acknowledged(self, acme: Acme, wire: Wire) -> None:
        payload = fixes_of(fix(5))
        wire.send(topic_of(topics.Lane.FIXES, "stranger"), payload)

        ack = control.decode_ack(wire.wait_for(topic_of(topics.Lane.ACK, "stranger")))

        assert isinstance(ack, control.LaneAck)
        assert ack.ranges == ((5, 5),)
        [(tenant, kept, reason)] = acme.select("SELECT tenant_id, payload, reason FROM reject")
        assert (tenant, kept, reason) == (acme.tenant_id, payload, "tenant acme has no device stranger in service")

    def test_a_device_that_is_registered_later_is_taken_from_then_on(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.FIXES, "newcomer"), fixes_of(fix(1)))
        wait_for(lambda: acme.select("SELECT id FROM reject"))
        with psycopg.connect(acme.database.owner_dsn) as connection:
            connection.execute(
                "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), 'newcomer')", [acme.tenant_id]
            )

        def arrived() -> list[tuple[Any, ...]]:
            wire.send(topic_of(topics.Lane.FIXES, "newcomer"), fixes_of(fix(2, 10)))
            return acme.select("SELECT seq FROM fix")

        assert wait_for(arrived) == [(2,)]

    def test_a_megabyte_of_noise_is_kept_in_part_and_stops_nobody(self, acme: Acme, wire: Wire) -> None:
        noise = b"\xfe" * 1_000_000
        wire.send(topic_of(topics.Lane.FIXES), noise)
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1)))

        wait_for(lambda: acme.select("SELECT seq FROM fix"))
        [(length, reason)] = wait_for(lambda: acme.select("SELECT length(payload), reason FROM reject"))
        assert length == reject_log.MOST_BYTES
        assert "not JSON" in reason
        assert "of 1000000 bytes are kept" in reason

    def test_a_message_on_the_wrong_shard_is_rejected_as_its_senders(self, acme: Acme, wire: Wire) -> None:
        shard = (topics.shard_of("acme", VAN) + 1) % topics.SHARDS
        wire.send(f"{topics.PREFIX}/acme/{VAN}/fixes/{shard:02x}", fixes_of(fix(1)))

        [(reason, *whose)] = wait_for(
            lambda: acme.select("SELECT reason, kind, tenant_id, device_name, device_id IS NOT NULL FROM reject")
        )

        assert f"this device's is {topics.shard_of('acme', VAN):02x}" in reason
        assert whose == ["topic", acme.tenant_id, VAN, True]
        assert acme.stored() == []

    def test_a_message_on_a_topic_that_names_nobody_is_rejected_as_nobodys(self, acme: Acme, wire: Wire) -> None:
        for name in ("-acme/van-000", "acme/van 000", "acme/van-000\u00e9", f"acme/{'v' * 65}", "acme/"):
            wire.send(f"{topics.PREFIX}/{name}/fixes/00", fixes_of(fix(1)))

        wait_for(lambda: acme.select("SELECT FROM reject HAVING count(*) = 5"))

        assert acme.select("SELECT DISTINCT kind, tenant_id, device_name FROM reject") == [("topic", None, None)]

    def test_the_good_elements_of_a_message_are_stored_and_it_is_rejected(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1), fix(2) | {"lat": 95}, fix(3, 5)))

        ack = control.decode_ack(wire.wait_for(topic_of(topics.Lane.ACK)))

        assert isinstance(ack, control.LaneAck)
        assert ack.ranges == ((1, 3),)
        assert acme.stored() == [(VAN, 1), (VAN, 3)]
        assert acme.select("SELECT reason FROM reject") == [("element 1: lat 95 is not within -90 to 90",)]

    def test_the_live_frame_tells_where_a_unit_is(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1) | {"spd": 12.5, "crs": 90}))

        _, units = live_frame.decode(wire.wait_for(topics.live_topic("acme")))

        [(device_id,)] = acme.select("SELECT id FROM device WHERE name = %s", VAN)
        assert [(u.device_id, u.position.lat, u.speed_mps, u.course_deg, u.moving) for u in units] == [
            (device_id, 60.17, 12.5, 90.0, True)
        ]


class TestGeofences:
    def add_fence(self, acme: Acme, name: str, west: float) -> None:
        with psycopg.connect(acme.database.owner_dsn) as connection:
            connection.execute(
                "INSERT INTO geofence (tenant_id, id, name, geom)"
                " VALUES (%s, gen_random_uuid(), %s, ST_MakeEnvelope(%s, 60, %s, 61, 4326))",
                [acme.tenant_id, name, west, west + 1],
            )

    def events(self, acme: Acme) -> list[tuple[Any, ...]]:
        return acme.select(
            "SELECT g.name, e.kind FROM geofence_event e JOIN geofence g ON g.id = e.geofence_id ORDER BY e.time, e.kind"
        )

    def test_presence_survives_a_restart(self, acme: Acme, wire: Wire, make_ingest: IngestFactory) -> None:
        self.add_fence(acme, "depot", 24.0)
        process = make_ingest()
        for number, lon in enumerate([24.5, 24.6, 25.5]):
            process.start()
            process.wait_until_at_work()
            wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(number, 3600 * number, lon=lon)))
            wait_for(lambda number=number: acme.select("SELECT 1 FROM fix WHERE seq = %s", number))  # type: ignore[misc]
            process.stop()

        assert self.events(acme) == [("depot", "entered"), ("depot", "exited")]

    @pytest.mark.usefixtures("ingest")
    def test_a_new_fence_is_watched_within_5_s_without_a_restart(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1)))
        self.add_fence(acme, "site", 24.0)
        number = 1

        def entered() -> list[tuple[Any, ...]]:
            nonlocal number
            number += 1
            wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(number, number)))
            return self.events(acme)

        assert wait_for(entered, limit_s=5) == [("site", "entered")]

    @pytest.mark.usefixtures("ingest")
    def test_what_is_fresh_is_told_and_what_is_old_is_not(self, acme: Acme, wire: Wire) -> None:
        self.add_fence(acme, "site", 24.0)
        fresh = {**fix(1), "t": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        wire.send(topic_of(topics.Lane.FIXES), fixes_of(fresh))
        told = json.loads(wire.wait_for(topics.event_topic("acme", "GeofenceEntered")))
        [(visit_id,)] = acme.select("SELECT id::text FROM visit")
        assert (told["device"], told["geofence"], told["kind"]) == (VAN, "site", "entered")
        assert (told["visit_id"], told["lat"], told["lon"]) == (visit_id, 60.17, 24.94)

        wire.send(topics.device_topic("acme", "van-001", topics.Lane.FIXES), fixes_of(fix(1)))
        wait_for(lambda: acme.select("SELECT 1 FROM visit OFFSET 1"))
        wire.send(topics.device_topic("acme", "van-002", topics.Lane.FIXES), fixes_of(fresh))

        assert json.loads(wire.wait_for(topics.event_topic("acme", "GeofenceEntered")))["device"] == "van-002"


@pytest.mark.usefixtures("ingest")
class TestPresses:
    def test_a_press_is_an_alert_and_acknowledged_at_once(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.PANIC), press(seq=3))

        ack = control.decode_ack(wire.wait_for(topic_of(topics.Lane.ACK)))

        assert ack == control.LaneAck(lane=topics.Lane.PANIC, seq=3, ranges=((3, 3),))
        assert acme.select("SELECT state, press_count, fob FROM alert") == [("open", 1, "F1")]

    def test_a_press_that_comes_again_counts_once_and_is_acknowledged_again(self, acme: Acme, wire: Wire) -> None:
        payload = press(seq=3)
        for _ in range(2):
            wire.send(topic_of(topics.Lane.PANIC), payload)
            wire.wait_for(topic_of(topics.Lane.ACK))

        assert acme.select("SELECT count(*) FROM press") == [(1,)]
        assert acme.select("SELECT press_count FROM alert") == [(1,)]

    def test_an_unknown_device_of_a_known_tenant_raises_an_alert(  # R44
        self, acme: Acme, wire: Wire
    ) -> None:
        wire.send(topic_of(topics.Lane.PANIC, "stranger"), press())

        wire.wait_for(topic_of(topics.Lane.ACK, "stranger"))

        [(device, remarks)] = acme.select("SELECT device_name, remarks FROM alert")
        assert device == "stranger"
        assert "unknown_device" in remarks

    def test_what_nobody_can_read_is_kept_whole_and_raises_an_alert_all_the_same(
        self, acme: Acme, wire: Wire, ingest: IngestProcess
    ) -> None:
        payloads = [b"\xff\xfe", b"[]", b'"help"']
        for payload in payloads:
            wire.send(topic_of(topics.Lane.PANIC), payload)

        wait_for(lambda: acme.select("SELECT 1 FROM reject HAVING count(*) = 3"))

        assert acme.select("SELECT payload, tenant_id FROM reject ORDER BY id") == [
            (p, acme.tenant_id) for p in payloads
        ]
        wait_for(lambda: acme.select("SELECT 1 FROM alert WHERE press_count = 3 AND 'malformed' = ANY(remarks)"))
        assert ingest.log_file.read_text().count("was rejected") == len(payloads)

    def test_an_unknown_tenant_is_rejected_loudly_and_acknowledged(
        self, acme: Acme, wire: Wire, ingest: IngestProcess
    ) -> None:
        wire.send(topic_of(topics.Lane.PANIC, tenant="nobody"), press())

        wire.wait_for(topic_of(topics.Lane.ACK, tenant="nobody"))

        assert acme.select("SELECT reason FROM reject") == [("there is no tenant nobody",)]
        assert "CRITICAL ingest.press_lane" in ingest.log_file.read_text()

    def test_a_fob_that_no_table_can_hold_raises_an_alert(self, acme: Acme, wire: Wire) -> None:  # R44
        words = ["\ud800", "F\u0000", "x" * 200, 7]
        for seq, word in enumerate(words):
            wire.send(topic_of(topics.Lane.PANIC), press(seq=seq, fob=word))
            wire.wait_for(topic_of(topics.Lane.ACK))

        assert acme.select("SELECT state, fob, press_count FROM alert") == [("open", f"unknown@{VAN}", len(words))]


@pytest.mark.timeout(120)
def test_a_press_waits_for_a_database_that_is_away(
    own_server: OwnServer, wire: Wire, make_ingest: IngestFactory
) -> None:
    process = make_ingest(INGEST_DATABASE_URL=own_server.acme.database.backend_dsn)
    process.start()
    process.wait_until_at_work()
    own_server.server.process.kill()

    wire.send(topic_of(topics.Lane.PANIC), press())
    restart(own_server)

    wire.wait_for(topic_of(topics.Lane.ACK), limit_s=60)
    assert own_server.acme.select("SELECT press_count FROM alert") == [(1,)]


@pytest.mark.usefixtures("ingest")
class TestStatuses:
    def status(self, **other: Any) -> bytes:
        record = {"t": "2026-03-01T12:00:00.000Z", "online": True, "version": "1.2", "gps": "3d", "backlog": 4}
        return json.dumps(record | {"ports": {"gps0": "ok"}, "fobs": {"F1": {"bat": 80}}} | other).encode()

    def test_the_last_word_of_a_device_stands(self, acme: Acme, wire: Wire) -> None:
        wire.send(topic_of(topics.Lane.STATUS), self.status())
        wait_for(lambda: acme.select("SELECT 1 FROM device_status WHERE online AND gps = '3d'"))

        wire.send(topic_of(topics.Lane.STATUS), self.status(online=False))

        [row] = wait_for(
            lambda: acme.select("SELECT version, backlog, ports, fobs FROM device_status WHERE NOT online")
        )
        assert row == ("1.2", 4, {"gps0": "ok"}, {"F1": {"bat": 80.0}})

    def test_bad_statuses_are_rejected_and_stop_nobody(self, acme: Acme, wire: Wire) -> None:
        bad = [
            b"?",
            b'{"t":"2026-03-01T12:00:00Z","online":1}',
            b'{"t":"2026-03-01T12:00:00Z","online":true,"version":"\\ud800"}',
        ]
        for device, payload in zip(acme.devices, bad, strict=False):
            wire.send(topic_of(topics.Lane.STATUS, device), payload)
        wire.send(topic_of(topics.Lane.STATUS), self.status())

        wait_for(lambda: acme.select("SELECT 1 FROM device_status"))
        wait_for(lambda: acme.select("SELECT 1 FROM reject HAVING count(*) = 3"))
        assert [payload for (payload,) in acme.select("SELECT payload FROM reject ORDER BY topic")] == bad

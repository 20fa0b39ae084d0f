"""Rejects replayed beside a running ingest, counted, listed, and bounded."""

import datetime as dt
import hashlib
import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from db import devices, engine, reject_log, reject_store
from domain import telemetry
from domain.wire import status, topics
from ingest import reject_replay
from ingest.senders import kept
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestProcess
from tests.integration.ingest.conftest import Acme, populate
from tests.integration.ingest.test_lanes import VAN, Wire, fix, fixes_of, press, topic_of, wait_for, wire

__all__ = ["wire"]

RECEIVED = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


def reject(acme: Acme, topic: str, payload: bytes, *, reason: str = "it was not taken", **other: Any) -> None:
    levels = topic.split("/")
    tenant, device = levels[1:3] if topic.startswith("owntracks") else levels[2:4]
    made = reject_log.Reject(
        **{
            "topic": topic,
            "payload": payload,
            "reason": reason,
            "received_at": RECEIVED,
            "tenant": tenant,
            "device": device,
            **other,
        }
    )
    with psycopg.connect(acme.database.backend_dsn) as connection:
        reject_log.add(connection, [made])


def register(acme: Acme, name: str) -> None:
    with engine.connect(acme.database.owner_dsn) as connection:
        devices.add(connection, acme.tenant_id, [devices.NewDevice(name=name)])
        connection.commit()


def replay(acme: Acme, *, dry_run: bool = False, limit: int | None = None, **choice: Any) -> reject_replay.Replayed:
    return reject_replay.replay(
        acme.database.backend_dsn, reject_store.Choice(**choice), now=lambda: NOW, dry_run=dry_run, limit=limit
    )


def states(acme: Acme) -> list[tuple[Any, ...]]:
    return acme.select("SELECT replayed_at IS NOT NULL, reason FROM reject ORDER BY id")


class TestFixes:
    def test_what_came_before_the_device_was_registered_is_written_by_the_running_ingest(
        self, acme: Acme, ingest: IngestProcess
    ) -> None:
        topic = topic_of(topics.Lane.FIXES, "newcomer")
        for seq in (1, 2):
            reject(acme, topic, fixes_of(fix(seq, seq)), kind=reject_log.Kind.STRANGER)

        assert replay(acme).stayed == 2
        assert states(acme) == [(False, "tenant acme has no device newcomer in service")] * 2

        register(acme, "newcomer")
        assert replay(acme).taken == 2
        wait_for(lambda: acme.stored()[1:])

        assert acme.stored() == [("newcomer", 1), ("newcomer", 2)]
        assert [replayed for replayed, _ in states(acme)] == [True, True]
        assert replay(acme) == reject_replay.Replayed()
        assert ingest.is_running()

    @pytest.mark.usefixtures("ingest")
    def test_the_good_elements_are_taken_once_and_the_reject_stays_for_the_others(self, acme: Acme) -> None:
        payload = fixes_of(fix(1), fix(2, 1, lat=95))
        reject(acme, topic_of(topics.Lane.FIXES), payload, kind=reject_log.Kind.STRANGER)

        assert replay(acme).stayed == 1
        wait_for(acme.stored)
        wait_for(lambda: acme.select("SELECT 1 FROM sender_queue HAVING count(*) = 0"))
        assert replay(acme).stayed == 1

        assert acme.stored() == [(VAN, 1)]
        assert acme.select("SELECT count(*) FROM sender_queue") == [(0,)]
        assert states(acme) == [(False, "element 1: lat 95 is not within -90 to 90")]

    def test_without_an_ingest_they_wait_for_one_as_they_are(self, acme: Acme) -> None:
        payload = fixes_of(fix(1))
        reject(acme, topic_of(topics.Lane.FIXES), payload)

        assert replay(acme).taken == 1

        shard = topics.shard_of("acme", VAN)
        queued = acme.select("SELECT shard, topic, payload, received_at FROM sender_queue")
        assert queued == [(shard, topic_of(topics.Lane.FIXES), payload, RECEIVED)]

    def test_a_foreign_shard_stays_one(self, acme: Acme) -> None:
        foreign = f"driveops/v1/acme/{VAN}/fixes/{(topics.shard_of('acme', VAN) + 1) % topics.SHARDS:02x}"
        reject(acme, foreign, fixes_of(fix(1)))

        assert replay(acme).stayed == 1
        assert acme.select("SELECT kind FROM reject") == [("topic",)]


class TestOtherLanes:
    def test_a_press_raises_the_alert_that_is_owed_and_only_once(self, acme: Acme) -> None:
        owed = press(fob="F7")
        reject(acme, topic_of(topics.Lane.PANIC, tenant="later"), owed, kind=reject_log.Kind.STRANGER)
        assert replay(acme).reasons == {"there is no tenant later": 1}
        with engine.connect(acme.database.owner_dsn) as connection:
            devices.add_tenant(connection, "later", name="Later", time_zone="UTC")
            connection.commit()

        assert replay(acme, dry_run=True).taken == 1
        assert acme.select("SELECT count(*) FROM alert") == [(0,)]
        assert replay(acme, tenant="later").taken == 1
        reject(acme, topic_of(topics.Lane.PANIC, tenant="later"), owed)
        assert replay(acme).taken == 1

        assert acme.select("SELECT fob FROM alert") == [("F7",)]
        assert acme.select("SELECT received_at FROM press") == [(RECEIVED,)]

    def test_a_status_that_is_readable_now_is_taken_unless_a_newer_one_stands(self, acme: Acme) -> None:
        word = status.encode(telemetry.Status(time=RECEIVED, online=True, version="1.2"))
        reject(acme, topic_of(topics.Lane.STATUS), word, kind=reject_log.Kind.STRANGER)
        reject(acme, topic_of(topics.Lane.STATUS, "nobody"), word)
        reject(acme, topic_of(topics.Lane.STATUS), b"?")

        done = replay(acme)

        assert (done.taken, done.stayed) == (1, 2)
        assert acme.select("SELECT version FROM device_status") == [("1.2",)]

    def test_phones_are_read_as_they_came(self, acme: Acme) -> None:
        register(acme, "phone-1")
        location = b'{"_type":"location","lat":60.17,"lon":24.94,"tst":1772366400}'
        reject(acme, "owntracks/acme/phone-1/pixel", location)
        osmand = kept.http_topic("osmand", ("acme", "phone-1"))
        reject(acme, osmand, b"lat=60.18&lon=24.94&timestamp=1772366460")
        reject(acme, osmand, b"lat=95&lon=24.94&timestamp=1772366460")
        reject(acme, "owntracks/acme/stranger/x", location)

        done = replay(acme)

        assert (done.taken, done.stayed) == (2, 2)
        assert [replayed for replayed, _ in states(acme)] == [True, True, False, False]
        assert acme.select("SELECT count(*) FROM sender_queue") == [(2,)]
        assert acme.select("SELECT count(*) FROM reject") == [(4,)]


class TestWhichOnes:
    @pytest.fixture(autouse=True)
    def three(self, acme: Acme) -> None:
        reject(acme, topic_of(topics.Lane.FIXES), fixes_of(fix(1)), reason="odd CLOCK")
        reject(acme, topic_of(topics.Lane.FIXES, "van-001"), fixes_of(fix(2)), received_at=RECEIVED - dt.timedelta(1))
        reject(acme, topic_of(topics.Lane.FIXES, "van-002"), b"?")

    @pytest.mark.parametrize(
        ("choice", "taken", "stayed"),
        [
            ({"reason": "clock"}, 1, 0),
            ({"device": "van-001"}, 1, 0),
            ({"since": RECEIVED}, 1, 1),
            ({"tenant": "acme"}, 2, 1),
            ({"tenant": "other"}, 0, 0),
            ({"limit": 2}, 2, 0),
            ({}, 2, 1),
        ],
    )
    def test_are_chosen(self, acme: Acme, choice: dict[str, Any], taken: int, stayed: int) -> None:
        done = replay(acme, **choice)
        assert (done.taken, done.stayed) == (taken, stayed)

    def test_are_listed_as_they_are_chosen_also_where_their_tenant_came_after_them(self, acme: Acme) -> None:
        for topic, tenant in [
            ("owntracks/late/phone", "late"),
            ("http/osmand/late/phone", "late"),
            ("driveops/v1/late/van/fixes/00", "late"),
            ("owntracks/acme/late", "acme"),
            ("driveops/v1/v1/late/fixes/00", "v1"),
        ]:
            reject(acme, topic, b"?", tenant=tenant, device="late")
        with engine.connect(acme.database.owner_dsn) as connection:
            devices.add_tenant(connection, "late", name="Late", time_zone="UTC")
            connection.commit()

        for tenant, count in [("late", 3), ("acme", 4), ("v1", 1), ("other", 0)]:
            with psycopg.connect(acme.database.backend_dsn) as connection:
                chosen = reject_store.to_replay(connection, reject_store.Choice(tenant=tenant), after=0, most=10)
                listed = reject_store.newest(connection, most=10, tenant=tenant)
                counted = reject_store.counts(connection, tenant)

            assert sorted(each.id for each in chosen) == sorted(each.id for each in listed)
            assert len(listed) == sum(each.waiting for each in counted) == count

    def test_two_at_once_take_each_once(self, acme: Acme) -> None:
        with psycopg.connect(acme.database.backend_dsn) as other:
            held = reject_store.to_replay(other, reject_store.Choice(), after=0, most=1)
            done = replay(acme)
        assert len(held) == 1
        assert (done.taken, done.stayed) == (1, 1)
        assert replay(acme).taken == 1

    def test_what_is_cut_is_never_replayed(self, acme: Acme) -> None:
        long = fixes_of(fix(9)) + b" " * reject_log.MOST_BYTES
        reject(acme, topic_of(topics.Lane.FIXES, "van-003"), long)

        assert replay(acme, device="van-003") == reject_replay.Replayed()

        [(kept_bytes, whole_bytes, reason)] = acme.select(
            "SELECT length(payload), whole_bytes, reason FROM reject WHERE device_name = 'van-003'"
        )
        assert (kept_bytes, whole_bytes) == (reject_log.MOST_BYTES, len(long))
        assert hashlib.sha256(long).hexdigest() in reason


def run(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "INGEST_DATABASE_URL": database.backend_dsn}
    command = [sys.executable, "-m", "ingest", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_the_commands_say_what_there_is_and_what_came_of_it(acme: Acme) -> None:
    reject(acme, topic_of(topics.Lane.FIXES), fixes_of(fix(1)))
    reject(acme, topic_of(topics.Lane.FIXES), b"?")

    dry = run(acme.database, "replay-rejects", "--dry-run", "--tenant", "acme", "--since", "2026-03-01")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (1, "1 could be taken, 1 would stay")
    assert states(acme) == [(False, "it was not taken")] * 2
    done = run(acme.database, "replay-rejects", "--reason", "not taken")
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "1 taken, 1 stay")
    listed = run(acme.database, "rejects", "--newest", "2").stdout
    assert "       1        0      0  unreadable  not JSON" in listed
    assert listed.count(topic_of(topics.Lane.FIXES)) == 2
    assert run(acme.database, "replay-rejects", "--since", "yesterday").returncode == 2


def test_a_message_on_a_wrong_shard_is_found_by_its_tenant_and_its_device(
    acme: Acme, ingest: IngestProcess, wire: Wire
) -> None:
    foreign = f"driveops/v1/acme/newcomer/fixes/{(topics.shard_of('acme', 'newcomer') + 1) % topics.SHARDS:02x}"
    wire.send(foreign, fixes_of(fix(1)))
    wait_for(lambda: acme.select("SELECT FROM reject"))

    listed = run(acme.database, "rejects", "--tenant", "acme").stdout
    tried = run(acme.database, "replay-rejects", "--tenant", "acme", "--device", "newcomer").stdout

    assert foreign in listed
    assert tried.startswith("0 taken, 1 stay")
    assert acme.select("SELECT device_name, last_topic FROM quarantine") == [("newcomer", foreign)]
    assert ingest.is_running()


class TestBounds:
    def test_the_senders_with_most_lose_their_oldest_and_other_tenants_lose_nothing(self, database: Database) -> None:
        acme = populate(database)
        for number in range(8):
            reject(acme, topic_of(topics.Lane.FIXES, "noisy"), b"%d" % number)
        for quiet in ("van-000", "van-001"):
            reject(acme, topic_of(topics.Lane.FIXES, quiet), b"quiet")
        for number in range(3):
            reject(acme, topic_of(topics.Lane.FIXES, tenant="nobody"), b"%d" % number)

        with psycopg.connect(database.backend_dsn, autocommit=True) as connection:
            dropped = reject_store.sweep(connection, before=RECEIVED - dt.timedelta(days=1), most=5)

        assert dropped == 5
        assert acme.select("SELECT device_name, payload FROM reject ORDER BY id") == [
            ("noisy", b"5"),
            ("noisy", b"6"),
            ("noisy", b"7"),
            ("van-000", b"quiet"),
            ("van-001", b"quiet"),
            *(("van-000", b"%d" % number) for number in range(3)),
        ]

    def test_what_is_too_old_goes(self, acme: Acme) -> None:
        reject(acme, topic_of(topics.Lane.FIXES), b"old", received_at=RECEIVED - dt.timedelta(days=31))
        reject(acme, topic_of(topics.Lane.FIXES), b"new")
        with psycopg.connect(acme.database.backend_dsn, autocommit=True) as connection:
            assert reject_store.sweep(connection, before=RECEIVED - dt.timedelta(days=30), most=10) == 1
        assert acme.select("SELECT payload FROM reject") == [(b"new",)]

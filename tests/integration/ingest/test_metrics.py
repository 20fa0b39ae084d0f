"""What Prometheus reads of a running ingest."""

import datetime as dt
import time
import uuid
from collections.abc import Callable

import httpx
import numpy as np
import prometheus_client
import psycopg
import pytest
from prometheus_client import parser

from db import sender_queue
from domain.wire import topics
from ingest import bulk_histogram
from stack import ports
from tests.fixtures.ingest import IngestFactory
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_duty import aino, switch
from tests.integration.ingest.test_lanes import Wire, fix, fixes_of, press, topic_of, wire

__all__ = ["aino", "wire"]

Sample = Callable[..., float]


@pytest.fixture
def sample(acme: Acme, make_ingest: IngestFactory) -> Sample:
    port = ports.free()
    process = make_ingest(INGEST_METRICS_ADDRESS=f"127.0.0.1:{port}")
    process.start()
    process.wait_until_at_work()
    assert acme.devices

    def read(name: str, **labels: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        for family in parser.text_string_to_metric_families(text):
            for found in family.samples:
                assert not {"tenant", "device"} & found.labels.keys()
                if found.name == f"driveops_ingest_{name}" and found.labels == labels:
                    return float(found.value)
        raise AssertionError(f"no {name} {labels}")

    return read


def wait_until(reached: Callable[[], bool], limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not reached():
        assert time.monotonic() < deadline, "it has not come"
        time.sleep(0.1)


def test_what_is_sent_is_counted(sample: Sample, wire: Wire) -> None:
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1, 10), fix(2, 11, lat=0.0, lon=0.0)))
    wait_until(lambda: sample("messages_total", lane="fixes") == 1)
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(3, 5)))
    wire.send(topic_of(topics.Lane.FIXES, "stranger"), fixes_of(fix(1)))
    wire.send(topic_of(topics.Lane.FIXES), b"?")
    wire.send(topic_of(topics.Lane.PANIC), press())
    wire.send(topic_of(topics.Lane.STATUS), b"?")

    wait_until(lambda: sample("messages_total", lane="fixes") == 4)
    wait_until(lambda: sample("messages_total", lane="panic") == 1)
    wait_until(lambda: sample("rejects_total", kind="unreadable") == 2)

    assert sample("rejects_total", kind="stranger") == 1
    assert sample("fixes_total") == 3
    assert sample("batch_fixes_sum") == 3
    assert sample("commit_seconds_count") == sample("geofence_seconds_count") >= 2
    assert sample("receipt_age_seconds_count") == 4
    assert sample("fix_age_seconds_count") == 3
    assert sample("fix_age_seconds_bucket", le="86400") == 0
    assert (sample("late_batches_total"), sample("late_fixes_total")) == (1, 1)
    assert sample("flagged_fixes_total", flag="zero_island") == 1
    assert (sample("shards_held"), sample("database_connected"), sample("broker_connected")) == (64, 1, 1)
    assert [sample("inbox_bytes", lane=lane) for lane in ("fixes", "panic", "status", "owntracks")] == [0] * 4
    assert sample("sender_queue_messages") == sample("off_duty_fixes_total") == 0
    assert sample("press_commit_seconds_count") == sample("press_receipt_age_seconds_count") == 1
    assert sample("press_receipt_age_seconds_sum") >= sample("press_commit_seconds_sum") > 0


def test_the_age_of_a_press_is_counted_where_its_clock_can_tell(sample: Sample, wire: Wire) -> None:
    minute_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    wire.send(topic_of(topics.Lane.PANIC), press(1, t=minute_ago.isoformat(timespec="milliseconds")))
    wire.send(topic_of(topics.Lane.PANIC), press(2, clock="unset"))
    wire.send(topic_of(topics.Lane.PANIC), b"?")
    wait_until(lambda: sample("press_commit_seconds_count") == 3)

    assert sample("press_age_seconds_count") == 1
    assert 60 <= sample("press_age_seconds_sum") < 80


def test_what_every_lane_holds_is_told_while_it_waits(acme: Acme, sample: Sample, wire: Wire) -> None:
    with psycopg.connect(acme.database.owner_dsn) as holding:
        holding.execute("LOCK TABLE reject IN ACCESS EXCLUSIVE MODE")
        held = (topics.Lane.FIXES, topics.Lane.PANIC, topics.Lane.STATUS)
        for lane in held:
            wire.send(topic_of(lane), b"?" * 10_000)
        wait_until(lambda: all(10_000 < sample("inbox_bytes", lane=lane) < 11_000 for lane in held))

    wait_until(lambda: all(sample("inbox_bytes", lane=lane) == 0 for lane in held))


def test_the_depth_of_the_senders_queue_is_told_within_seconds(acme: Acme, sample: Sample) -> None:
    nobodys_shard = 99
    with psycopg.connect(acme.database.owner_dsn) as connection:
        message = sender_queue.NewMessage(
            tenant_id=acme.tenant_id, shard=nobodys_shard, topic="t", payload=b"", received_at=dt.datetime.now(dt.UTC)
        )
        sender_queue.add(connection, [message] * 7)

    wait_until(lambda: sample("sender_queue_messages") == 7, limit_s=10)


@pytest.fixture
def duty_only(acme: Acme, aino: uuid.UUID) -> None:
    assert aino
    switch(acme, only=True)


@pytest.mark.usefixtures("duty_only")
def test_fixes_of_people_off_duty_are_counted(sample: Sample, wire: Wire) -> None:
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1, -60), fix(2, 0)))
    wait_until(lambda: sample("messages_total", lane="fixes") == 1)

    assert (sample("off_duty_fixes_total"), sample("fixes_total")) == (1, 1)


def test_an_address_that_is_no_address_is_named_at_start(make_ingest: IngestFactory) -> None:
    process = make_ingest(INGEST_METRICS_ADDRESS="9464")
    process.start()
    assert process.process is not None
    assert process.process.wait(30) == 2
    assert "INGEST_METRICS_ADDRESS='9464' is not an address and a port" in process.log_end()


def test_a_histogram_of_many_values_is_that_of_each() -> None:
    bounds = (0.5, 1.0, 2.0)
    ours, theirs = prometheus_client.CollectorRegistry(), prometheus_client.CollectorRegistry()
    many = bulk_histogram.BulkHistogram("h", "Words.", bounds, ours)
    single = prometheus_client.Histogram("h", "Words.", buckets=bounds, registry=theirs)
    values = [0.5, 0.1, 1.5, 2.0, 7.0, -1.0]
    many.observe(np.array(values))
    for value in values:
        single.observe(value)
    [bulk], [one] = ours.collect(), theirs.collect()

    def of(metric: prometheus_client.Metric) -> dict[tuple[str, str], float]:
        return {
            (sample.name, sample.labels.get("le", "")): sample.value
            for sample in metric.samples
            if not sample.name.endswith("_created")
        }

    assert {(name, le and f"{float(le):g}"): value for (name, le), value in of(bulk).items()} == {
        (name, le and f"{float(le):g}"): value for (name, le), value in of(one).items()
    }

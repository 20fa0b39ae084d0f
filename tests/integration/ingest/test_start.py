"""Ingest is there before its servers, is told to stop, is told nonsense."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.wire import topics
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_lanes import Wire, fix, fixes_of, topic_of, wait_for


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingest", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("INGEST_")} | env,
    )


def test_a_broker_that_is_away_at_the_start_is_told_and_waited_for(
    acme: Acme, broker: RunningBroker, make_ingest: IngestFactory
) -> None:
    process = make_ingest()
    broker.kill()
    process.start()
    process.wait_until(lambda vitals: vitals.get("shards") == 64)
    told = run("health", INGEST_HEALTH_FILE=str(process.health_file))
    assert (told.returncode, told.stderr) == (1, "ingest: paused: broker away\n")

    broker.start()
    process.wait_until_at_work()
    wire = Wire(broker)
    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1)))

    wait_for(acme.stored)
    wire.close()
    assert process.log_file.read_text().count("trying again") < 80  # each session once, not each attempt


def test_a_database_that_is_away_at_the_start_is_told_and_waited_for(
    acme: Acme, make_ingest: IngestFactory, broker: RunningBroker
) -> None:
    process = make_ingest(INGEST_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")

    process.start()
    process.wait_until(lambda vitals: str(vitals.get("database")).startswith("away: connection"))

    told = run("health", INGEST_HEALTH_FILE=str(process.health_file))
    assert told.returncode == 1
    assert told.stderr.startswith("ingest: paused: database away: connection")
    assert process.stop() == 0


def test_a_stop_is_clean_and_takes_the_health_file_along(ingest: IngestProcess) -> None:
    assert run("health", INGEST_HEALTH_FILE=str(ingest.health_file)).returncode == 0

    assert ingest.stop() == 0

    assert not ingest.health_file.exists()
    told = run("health", INGEST_HEALTH_FILE=str(ingest.health_file))
    assert told.returncode == 1
    assert "ingest isn't running" in told.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "INGEST_DATABASE_URL is not set"),
        ({"INGEST_DATABASE_URL": "x"}, "INGEST_MQTT_URL is not set"),
        ({"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "http://host"}, "INGEST_MQTT_URL is not of the form"),
        ({"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "mqtt://host:99999"}, "INGEST_MQTT_URL"),
        ({"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "mqtts://h", "INGEST_MQTT_CA": "/nowhere"}, "INGEST_MQTT_CA"),
        ({"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "mqtt://h", "INGEST_WINDOW": "0"}, "INGEST_WINDOW='0'"),
        (
            {"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "mqtt://h", "INGEST_BATCH_AGE_S": "ten"},
            "INGEST_BATCH_AGE_S",
        ),
        ({"INGEST_DATABASE_URL": "x", "INGEST_MQTT_URL": "mqtt://h", "INGEST_LOG_LEVEL": "loud"}, "INGEST_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_named_without_a_trace(env: dict[str, str], words: str) -> None:
    told = run("run", **env)

    assert told.returncode == 2
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_a_silent_ingest_is_not_healthy(tmp_path: Path) -> None:
    file = tmp_path / "health"
    file.write_text(f'{{"time": {time.time() - 60}, "database": "connected", "broker": "connected"}}')

    told = run("health", "--quiet", INGEST_HEALTH_FILE=str(file))

    assert (told.returncode, told.stdout) == (1, "")
    assert "silent for 6" in told.stderr


def test_a_health_file_that_can_not_be_written_is_told_once_and_ends_nothing(
    acme: Acme, broker: RunningBroker, make_ingest: IngestFactory
) -> None:
    process = make_ingest()
    process.start()
    process.wait_until_at_work()
    assert process.process is not None
    # What is written first under another name finds a folder there, whoever writes.
    process.health_file.with_name(f"{process.health_file.name}.{process.process.pid}").mkdir()
    wait_for(lambda: [(line,) for line in process.log_file.read_text().splitlines() if "health file" in line])
    wire = Wire(broker)

    wire.send(topic_of(topics.Lane.FIXES), fixes_of(fix(1)))

    wait_for(acme.stored)
    wire.close()
    assert process.process.poll() is None
    assert process.log_file.read_text().count("health file") == 1

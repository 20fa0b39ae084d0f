"""Benches `wire_1` and `wire_20`: from the wire to committed rows, beside what two ceilings do in the same run."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg

from bench import stage
from db import array_params, binary_copy
from domain.wire import topics
from stack import broker_config

DEVICES = 5_000
_WARM_UP_S = 4.0
_CEILING_S = 15.0
_BASELINE_DAY, _BASELINE_SENT_PER_S = 500, 5_000
_COPY_BATCH = 10_000
_COPY_COLUMNS = "device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, satellites, fix_mode"
_AHEAD = {1: 30_000, 20: 8_000}
"""Messages that may be on their way: what is in ingest's hands, and what is committed before the load hears of it."""
_TARGETS = {1: (25_000, 0.4), 20: (70_000, 0.7)}


def measure(fixes: int, seconds: float) -> list[dict[str, Any]]:
    """Fixes committed a second with `fixes` in each message."""
    with stage.running(devices_count=DEVICES) as ground:
        rate = wire_rate(ground, fixes, seconds)
        ceiling = drain_rate(ground) if fixes == 1 else copy_rate(ground)
        plain = baseline_rate(ground, fixes)
    target, least_ratio = _TARGETS[fixes]
    ratio = rate / ceiling
    what = "mosquitto_sub drain" if fixes == 1 else "staged COPY"
    return [
        {
            "name": f"wire_{fixes}",
            "value": round(rate),
            "unit": "fixes/s",
            "ceiling": round(ceiling),
            "ratio": round(ratio, 2),
            "target": f">= {target} and >= {least_ratio} x {what}",
            "met": rate >= target and ratio >= least_ratio,
        },
        {
            "name": f"wire_{fixes}_baseline",
            "value": round(plain),
            "unit": f"fixes/s, paho with an INSERT a message; wire_{fixes} is {rate / plain:.0f} x that",
        },
    ]


def wire_rate(ground: stage.Stage, fixes: int, seconds: float) -> float:
    """Send through the broker as fast as ingest commits; every fix that was sent must be a row in the end.

    Raises:
        RuntimeError: a fix is missing or there twice.
    """
    before = ground.count_fixes()
    with ground.ingest():
        with sending(ground, fixes, "--health-file", str(ground.health_file), "--ahead", str(_AHEAD[fixes])) as process:
            time.sleep(_WARM_UP_S)
            first = ground.vitals()
            time.sleep(seconds)
            last = ground.vitals()
        sent = json.loads(process.stdout.read() if process.stdout else "")["messages"]
        _wait_for(ground, sent)
    stored = ground.count_fixes() - before
    if stored != sent * fixes:
        raise RuntimeError(f"{sent * fixes} fixes were sent and {stored} are stored")
    return float((last["fixes"] - first["fixes"]) / (last["time"] - first["time"]))


def drain_rate(ground: stage.Stage, fixes: int = 1) -> float:
    """Messages a second that mosquitto_sub takes from the same broker under the same load."""
    messages = int(_CEILING_S * 30_000)
    programs = ground.broker.programs
    command = [
        str(programs.mosquitto.parents[1] / "bin" / "mosquitto_sub"),
        *("-h", "127.0.0.1", "-p", str(ground.broker.port), "-V", "5", "-q", "1", "-C", str(messages)),
        *("-u", broker_config.INGEST, "-P", ground.passwords[broker_config.INGEST]),
        *("-t", topics.lane_filter(topics.Lane.FIXES)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as listener:
        time.sleep(0.5)
        began_s = time.monotonic()
        with sending(ground, fixes, "--messages", str(messages)):
            listener.wait()
            return messages / (time.monotonic() - began_s)


def copy_rate(ground: stage.Stage) -> float:
    """Rows a second by COPY into a staging table and INSERT … ON CONFLICT DO NOTHING, with nothing else to do."""
    with psycopg.connect(ground.owner_dsn) as connection:
        connection.execute("CREATE TEMPORARY TABLE staging (LIKE fix INCLUDING DEFAULTS)")
        connection.commit()
        streams = [_stream(number) for number in range(40)]
        began_s, done = time.monotonic(), 0
        while time.monotonic() - began_s < _CEILING_S and done < len(streams):
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY staging ({_COPY_COLUMNS}) FROM STDIN (FORMAT binary)".encode()) as copy:
                    copy.write(streams[done])
                cursor.execute(
                    f"INSERT INTO fix ({_COPY_COLUMNS}) SELECT {_COPY_COLUMNS} FROM staging ON CONFLICT DO NOTHING".encode()
                )
                cursor.execute("TRUNCATE staging")
            connection.commit()
            done += 1
        return done * _COPY_BATCH / (time.monotonic() - began_s)


def baseline_rate(ground: stage.Stage, fixes: int) -> float:
    """Fixes a second of bench.baseline under the same load, on a day of its own."""
    command = [
        sys.executable,
        "-m",
        "bench.baseline",
        "--port",
        str(ground.broker.port),
        "--user",
        broker_config.INGEST,
    ]
    env = {
        **os.environ,
        "BENCH_MQTT_PASSWORD": ground.passwords[broker_config.INGEST],
        "BENCH_DATABASE_URL": ground.owner_dsn,
    }
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with sending(ground, fixes, "--day", str(_BASELINE_DAY), "--rate", str(_BASELINE_SENT_PER_S)):
            time.sleep(_CEILING_S)
            process.terminate()
            told = json.loads(process.stdout.readline())
    return float(told["fixes"] / told["seconds"])


def _stream(number: int) -> bytes:
    """A batch of fixes of the day after those of the load."""
    row = np.arange(_COPY_BATCH)
    device, second = row % DEVICES + 1, row // DEVICES + number * (_COPY_BATCH // DEVICES)
    start_us = int(np.datetime64("2027-01-01T00:00:00", "us").astype(np.int64)) - array_params.POSTGRES_EPOCH_US
    real = np.full(_COPY_BATCH, 12.5, ">f4")
    small = np.full(_COPY_BATCH, 3, ">i2")
    time_us = (start_us + second * 1_000_000).astype(">i8")
    columns = [
        *(device.astype(">i4"), time_us, np.full(_COPY_BATCH, 60.2, ">f8"), np.full(_COPY_BATCH, 24.9, ">f8")),
        *(row.astype(">i8"), time_us, real, real, real, real, small, small),
    ]
    return binary_copy.encode([binary_copy.Column(values) for values in columns])


@contextmanager
def sending(ground: stage.Stage, fixes: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the load while the block does."""
    command = [
        *(sys.executable, "-m", "bench.load_process", "--port", str(ground.broker.port)),
        *("--user", broker_config.FLEET, "--devices", str(DEVICES), "--fixes", str(fixes), *arguments),
    ]
    env = {**os.environ, "BENCH_MQTT_PASSWORD": ground.passwords[broker_config.FLEET]}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(ground: stage.Stage, messages: int, limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while ground.vitals().get("messages", 0) < messages and time.monotonic() < deadline:
        time.sleep(0.1)

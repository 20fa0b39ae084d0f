"""Bench `neighbours`: how long others wait while gateways that were away for days send what they have kept.

Each of those sends as gateway/delivery does: 500 kept fixes a second, oldest first, beside a new one each second, so that every
array changes the past. The others give 2,000 fixes a second.
"""

import datetime as dt
import json
import time
import urllib.request
from itertools import pairwise
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt import enums

from bench import load, stage, wire
from domain.wire import topics
from stack import broker_config, ports

_SENT_PER_S = 2_000
_AWAY = (0, 1, 10)
_START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_AWAY_S, _EACH = 3 * 86_400, 500
_LONGEST_RUN_S = 600
_TARGET_MS = 1_000
_SETTLE_S = 10.0
_BUCKET = "driveops_ingest_receipt_age_seconds_bucket"
_METRES_PER_DEG = 111_412.0

Buckets = list[tuple[float, float]]
"""Upper bound in seconds, messages up to it."""


def measure(seconds: float) -> list[dict[str, Any]]:
    """The 99th percentile of receipt to commit with none, one and ten gateways that were away, as Prometheus reckons it."""
    with stage.running(devices_count=wire.DEVICES + sum(_AWAY)) as ground:
        port = ports.free()
        rate = ("--rate", str(_SENT_PER_S))
        with ground.ingest(metrics_address=f"127.0.0.1:{port}"), wire.sending(ground, 1, *rate):
            time.sleep(_SETTLE_S)
            return [_row(ground, port, away, min(seconds, _LONGEST_RUN_S)) for away in _AWAY]


def _row(ground: stage.Stage, port: int, away: int, seconds: float) -> dict[str, Any]:
    first = wire.DEVICES + sum(count for count in _AWAY if count < away)
    before = _buckets(port)
    _send(ground, range(first, first + away), seconds)
    waits = [(bound, after - was) for (bound, after), (_, was) in zip(_buckets(port), before, strict=True)]
    p99_ms = round(_quantile(waits, 0.99) * 1e3)
    return {
        "name": f"neighbours_{away}",
        "value": p99_ms,
        "unit": f"ms, p99 of {waits[-1][1]:.0f} messages; median {_quantile(waits, 0.5) * 1e3:.0f}",
        "target": f"<= {_TARGET_MS}",
        "met": p99_ms <= _TARGET_MS,
    }


def _send(ground: stage.Stage, devices: range, seconds: float) -> None:
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, client_id=f"away-{len(devices)}")
    client.username_pw_set(broker_config.FLEET, ground.passwords[broker_config.FLEET])
    client.connect("127.0.0.1", ground.broker.port)
    client.loop_start()
    began_s, rounds = time.monotonic(), 0
    while time.monotonic() - began_s < seconds:
        for device in devices:
            topic = topics.device_topic(stage.TENANT, load.device_name(device), topics.Lane.FIXES)
            for part in (range(_AWAY_S + rounds, _AWAY_S + rounds + 1), range(rounds * _EACH, (rounds + 1) * _EACH)):
                client.publish(topic, json.dumps([_fix(second) for second in part]), qos=1)
        rounds += 1
        time.sleep(max(0.0, began_s + rounds - time.monotonic()))
    client.disconnect()
    client.loop_stop()


def _fix(second: int) -> dict[str, Any]:
    """Half-hours of driving there, driving back and standing."""
    way, on_way_s = divmod(second % 5_400, 1_800)
    metres = 12.0 * (on_way_s, 1_800 - on_way_s, 0)[way]
    return {
        "t": (_START + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lat": stage.AREA.lat + metres / _METRES_PER_DEG,
        "lon": stage.AREA.lon + 0.1,
        "fix": 3,
        "spd": (12.0, 12.0, 0.1)[way],
        "hdop": 0.9,
        "seq": second,
    }


def _buckets(port: int) -> Buckets:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(_BUCKET)]
    return [(float(line.split('"')[1]), float(line.split()[-1])) for line in lines]


def _quantile(buckets: Buckets, share: float) -> float:
    wanted = share * buckets[-1][1]
    for (low, below), (high, up_to) in pairwise([(0.0, 0.0), *buckets]):
        if up_to >= wanted:
            return low + (high - low) * (wanted - below) / max(1.0, up_to - below)
    return buckets[-1][0]

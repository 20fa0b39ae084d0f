"""Bench `backlog`: a day of one device, a fix a second, that comes behind its live ones, among 5,000 fences."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import load, stage
from domain.wire import topics
from ingest import worker

_START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_DAY_S = 86_400
_MESSAGE, _MESSAGES = 500, 10
_HALF_HOUR_S = 1_800
_TARGET = 10_000
_METRES_PER_DEG = 111_412.0


def measure() -> list[dict[str, Any]]:
    """Late fixes committed a second, the whole of their past derived anew; in the worse of two orders."""
    rates = []
    with stage.running(devices_count=2) as ground:
        writer = worker.Worker(ground.backend_dsn)
        writer.connect()
        for device, is_newest_first in enumerate((False, True)):
            rates.append(_rate(writer, load.device_name(device), is_newest_first=is_newest_first))
        writer.close()
    return [
        {
            "name": "backlog",
            "value": round(min(rates)),
            "unit": "late fixes/s",
            "target": f">= {_TARGET}",
            "met": min(rates) >= _TARGET,
        }
    ]


def _rate(writer: worker.Worker, device: str, *, is_newest_first: bool) -> float:
    topic = topics.device_topic(stage.TENANT, device, topics.Lane.FIXES).encode()
    fixes = list(_drive())
    _send(writer, topic, [fixes[-_MESSAGE:]])
    backlog = [fixes[at : at + _MESSAGE] for at in range(0, len(fixes) - _MESSAGE, _MESSAGE)]
    if is_newest_first:
        backlog.reverse()
    began_s = time.monotonic()
    for at in range(0, len(backlog), _MESSAGES):
        _send(writer, topic, backlog[at : at + _MESSAGES])
    return (len(fixes) - _MESSAGE) / (time.monotonic() - began_s)


def _send(writer: worker.Worker, topic: bytes, messages: list[list[dict[str, Any]]]) -> None:
    payloads = [json.dumps(message).encode() for message in messages]
    writer.commit(writer.prepare([topic] * len(payloads), payloads, time.time_ns() // 1_000 + _DAY_S * 1_000_000))


def _drive() -> Iterator[dict[str, Any]]:
    """Half-hours of driving there, driving back and standing in noise."""
    chance = np.random.default_rng(5)
    noise_deg = chance.normal(0, 5e-5, (_DAY_S, 2))
    metres = 0.0
    for second in range(_DAY_S):
        way = second // _HALF_HOUR_S % 3
        speed = 0.1 if way == 2 else 12.0
        metres += (12.0, -12.0, 0.0)[way]
        time_text = (_START + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        lat, lon = 60.1 + metres / _METRES_PER_DEG + noise_deg[second, 0], 24.7 + noise_deg[second, 1]
        yield {"t": time_text, "lat": lat, "lon": lon, "fix": 3, "spd": speed, "hdop": 0.9, "seq": second}

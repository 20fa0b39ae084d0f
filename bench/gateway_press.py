"""Bench `gateway_press`: from a press on the serial line until the broker has it, while 100,000 kept fixes are being sent.

The broker hands a message to its readers in the same turn in which it answers with PUBACK: the observer's copy, which travels
a little further, stands for the answer that only the gateway sees.
"""

import datetime as dt
import random
import time
from typing import Any

import numpy as np

from bench import edge, stage
from domain import geo, telemetry
from gateway import outbox, outbox_bounds, sentence

BACKLOG = 100_000
_TARGET_MS = 50.0
_LEAST_LEFT = 1_000
_MOST_PRESSES = 300  # the backlog lasts for 200 s at the usual 500 fixes/s
_SETTLE_S, _BETWEEN_S, _LIMIT_S, _LOOK_S = 3.0, 0.3, 10.0, 0.0005


def measure(seconds: float) -> list[dict[str, Any]]:
    """Milliseconds at the 99th percentile."""
    with stage.running(devices_count=1, fences=10) as ground, edge.registered(ground, lines=1) as box, ground.ingest():
        _fill(box)
        watcher = edge.Observer(ground)
        box.start(ground.broker.port)
        time.sleep(_SETTLE_S)
        waits_ms = _press(box, watcher, seconds)
        left = box.status()["status"]["backlog"]
        watcher.close()
    if left < _LEAST_LEFT:
        raise RuntimeError("the backlog was gone before the presses were")
    p99_ms = float(np.percentile(waits_ms, 99))
    return [
        {
            "name": "gateway_press",
            "value": round(p99_ms, 1),
            "unit": f"ms, p99 of {len(waits_ms)} presses; median {np.median(waits_ms):.1f}, longest {max(waits_ms):.1f}",
            "ceiling": _TARGET_MS,
            "ratio": round(p99_ms / _TARGET_MS, 2),
            "target": f"<= {_TARGET_MS:g}",
            "met": p99_ms <= _TARGET_MS,
        }
    ]


def _fill(box: edge.Edge) -> None:
    first = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=BACKLOG + 600)
    kept = outbox.Outbox(box.state / "outbox.db", now=first, bounds=outbox_bounds.USUAL)
    for start in range(0, BACKLOG, 10_000):
        kept.add_fixes(
            [
                telemetry.Fix(
                    time=first + dt.timedelta(seconds=start + each),
                    position=geo.Position(60.1 + each * 1e-5, 24.9),
                    speed_mps=8.0,
                    course_deg=float(each % 360),
                )
                for each in range(10_000)
            ]
        )
        kept.write_fixes(now_s=float(start), now=first)
    kept.close()


def _press(box: edge.Edge, watcher: edge.Observer, seconds: float) -> list[float]:
    chance = random.Random(1)
    waits_ms: list[float] = []
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s and len(waits_ms) < _MOST_PRESSES:
        fob = f"BENCH-{len(waits_ms):04d}"
        pressed_s = time.monotonic()
        box.write(0, sentence.encode(f"PDOP,PRESS,{fob},{len(waits_ms)},88,-60"))
        while fob not in watcher.pressed_s:
            if time.monotonic() - pressed_s > _LIMIT_S:
                raise RuntimeError(f"the press of {fob} did not come within {_LIMIT_S:g} s")
            time.sleep(_LOOK_S)
        waits_ms.append((watcher.pressed_s[fob] - pressed_s) * 1e3)
        box.told(0)
        time.sleep(chance.uniform(0.5, 1.5) * _BETWEEN_S)
    return waits_ms

"""Benches `press_idle` and `press_loaded`: from the bytes on the serial line to the alert that others can read.

A real gateway on a pseudo-terminal, the broker, ingest, the database; each press is of a fob of its own and raises an alert.
"""

import contextlib
import os
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg

from bench import stage, wire
from db import devices, engine
from domain.wire import broker_password
from gateway import sentence
from stack import broker_users

LOAD_FIXES_PER_S = 10_000
_TARGETS_MS = {"press_idle": 100.0, "press_loaded": 250.0}
_GATEWAY = "press-gateway"
_SETTLE_S, _BETWEEN_S, _LONGEST_S, _LOOK_S = 3.0, 0.2, 10.0, 0.001


def measure(name: str, seconds: float) -> list[dict[str, Any]]:
    """Milliseconds at the 99th percentile."""
    with (
        stage.running(devices_count=wire.DEVICES) as ground,
        ground.ingest(),
        _load(ground, name),
        _gateway(ground) as line,
    ):
        time.sleep(_SETTLE_S)
        waits_ms = _press(ground, line, seconds)
    p99_ms, most_ms = float(np.percentile(waits_ms, 99)), _TARGETS_MS[name]
    return [
        {
            "name": name,
            "value": round(p99_ms, 1),
            "unit": f"ms, p99 of {len(waits_ms)} presses; median {np.median(waits_ms):.1f}",
            "ceiling": most_ms,
            "ratio": round(p99_ms / most_ms, 2),
            "target": f"<= {most_ms:g}",
            "met": p99_ms <= most_ms,
        }
    ]


def _press(ground: stage.Stage, line: int, seconds: float) -> list[float]:
    waits_ms: list[float] = []
    ends_s = time.monotonic() + seconds
    with psycopg.connect(ground.owner_dsn, autocommit=True) as connection:
        while time.monotonic() < ends_s:
            fob = f"BENCH-{len(waits_ms):05d}"
            pressed_s = time.monotonic()
            os.write(line, sentence.encode(f"PDOP,PRESS,{fob},{len(waits_ms)},88,-60"))
            while connection.execute("SELECT 1 FROM alert WHERE fob = %s", [fob]).fetchone() is None:
                if time.monotonic() - pressed_s > _LONGEST_S:
                    raise RuntimeError(f"no alert for {fob} after {_LONGEST_S:g} s")
                time.sleep(_LOOK_S)
            waits_ms.append((time.monotonic() - pressed_s) * 1e3)
            with contextlib.suppress(BlockingIOError):
                os.read(line, 4_096)  # the gateway's answer
            time.sleep(_BETWEEN_S)
    return waits_ms


@contextmanager
def _load(ground: stage.Stage, name: str) -> Iterator[None]:
    if name == "press_idle":
        yield
        return
    with wire.sending(ground, 1, "--rate", str(LOAD_FIXES_PER_S)):
        yield


@contextmanager
def _gateway(ground: stage.Stage) -> Iterator[int]:
    """A running gateway; the end of its line that a receiver of fobs would be at."""
    with engine.connect(ground.owner_dsn) as connection:
        devices.add(connection, ground.tenant_id, [devices.NewDevice(name=_GATEWAY, kind="gateway")])
        connection.commit()
    password = broker_password.new()
    ground.broker.set_users({broker_users.device_user(stage.TENANT, _GATEWAY): password})
    ours, theirs = os.openpty()
    for end in (ours, theirs):
        tty.setraw(end)
    os.set_blocking(ours, False)
    config = ground.folder / "gateway.toml"
    config.write_text(
        f'[gateway]\ntenant = "{stage.TENANT}"\ndevice = "{_GATEWAY}"\nstate_folder = "{ground.folder / "state"}"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {ground.broker.port}\npassword = "{password}"\n'
        f'[[port]]\nname = "fobs"\ndevice = "{os.ttyname(theirs)}"\n'
    )
    with (ground.folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "gateway", "run", "--config", config], stderr=log)
    try:
        yield ours
    finally:
        process.terminate()
        process.wait()
        for end in (ours, theirs):
            os.close(end)

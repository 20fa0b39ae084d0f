"""`python -m bench.load_process`: the load as a process of its own; tells at its end how many messages it sent.

It keeps a bounded number of messages ahead of what ingest has committed: so the broker's queue stays short, and no work is
spent on messages that are not taken within the time.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import load, stage

_LOOK_S = 0.05


def committed(health_file: Path) -> int:
    """Messages that ingest has committed since it started."""
    try:
        return int(json.loads(health_file.read_text())["messages"])
    except FileNotFoundError:
        return 0


def following(health_file: Path, ahead: int, ended: Callable[[], bool]) -> Callable[[int], int]:
    """A limit that stays `ahead` messages in front of what is committed."""
    first = committed(health_file)
    looked_s, done = 0.0, 0

    def limit(_sent: int) -> int:
        nonlocal looked_s, done
        if ended():
            return -1
        if time.monotonic() - looked_s > _LOOK_S:
            looked_s, done = time.monotonic(), committed(health_file) - first
        return done + ahead

    return limit


def main() -> None:
    """Send until the given number of messages, or until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--fixes", type=int, required=True)
    parser.add_argument("--day", type=int, default=0)
    parser.add_argument("--messages", type=int, default=0, help="end after so many")
    parser.add_argument("--rate", type=float, default=0.0, help="at most so many messages a second")
    parser.add_argument("--health-file", type=Path, help="follow the commits told there")
    parser.add_argument("--ahead", type=int, default=20_000)
    chosen = parser.parse_args()
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    packets = load.Packets(
        tenant=stage.TENANT, devices=chosen.devices, fixes=chosen.fixes, area=stage.AREA, day=chosen.day
    )
    started_s = time.monotonic()

    def to_the_end(sent: int) -> int:
        if stopped or (chosen.messages and sent >= chosen.messages):
            return -1
        return chosen.messages or sys.maxsize

    def limit(sent: int) -> int:
        allowed = to_the_end(sent)
        if follow is not None:
            allowed = min(allowed, follow(sent))
        if chosen.rate:
            allowed = min(allowed, int((time.monotonic() - started_s) * chosen.rate))
        return allowed

    follow = following(chosen.health_file, chosen.ahead, lambda: bool(stopped)) if chosen.health_file else None
    sent = load.publish(
        packets, port=chosen.port, user=chosen.user, password=os.environ["BENCH_MQTT_PASSWORD"], limit=limit
    )
    print(json.dumps({"messages": sent, "seconds": time.monotonic() - started_s}))


if __name__ == "__main__":
    main()

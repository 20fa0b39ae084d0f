"""Bench `gateway_load`: what a gateway costs with four receivers at 10 Hz on pseudo-terminals, acknowledged by ingest."""

import json
import os
import time
from pathlib import Path
from typing import Any

from bench import edge, stage
from gateway import sentence

RECEIVERS, RATE_HZ = 4, 10
MOST_CPU, MOST_MB = 0.10, 60.0
_SETTLE_S, _MEASURE_S = 5.0, 30.0


def measure() -> list[dict[str, Any]]:
    """CPU (share of one core) and resident memory of the gateway's process."""
    with (
        stage.running(devices_count=1, fences=10) as ground,
        edge.registered(ground, lines=RECEIVERS) as box,
        ground.ingest(),
    ):
        box.start(ground.broker.port)
        cpu, resident_mb = _driven(box)
        _require_work_done(box.status())
    return [
        _row("gateway_load", cpu, "of a core", MOST_CPU),
        _row("gateway_load_memory", resident_mb, "MB", MOST_MB),
    ]


def _driven(box: edge.Edge) -> tuple[float, float]:
    started_s = time.monotonic()
    began: tuple[float, float] | None = None
    tick = 0
    while True:
        elapsed_s = time.monotonic() - started_s
        if began is None and elapsed_s >= _SETTLE_S:
            began = (time.monotonic(), _cpu_s(box.pid))
        if began is not None and time.monotonic() - began[0] >= _MEASURE_S:
            return (_cpu_s(box.pid) - began[1]) / (time.monotonic() - began[0]), _resident_mb(box.pid)
        for number in range(RECEIVERS):
            box.write(number, _epoch(tick, number))
        tick += 1
        time.sleep(max(0.0, started_s + tick / RATE_HZ - time.monotonic()))


def _require_work_done(told: dict[str, Any]) -> None:
    """A gateway that read nothing, or sent nothing, would look cheap."""
    least = 0.9 * RATE_HZ * _MEASURE_S
    if any(counts["fixes"] < least for counts in told["sentences"].values()) or told["status"]["backlog"] > least / 2:
        raise RuntimeError(f"the gateway did not keep up: {json.dumps(told)}")


def _epoch(tick: int, receiver: int) -> bytes:
    """What a receiver at 10 Hz says in one epoch: six sentences, satellites in view once a second."""
    time_of_day = f"12{tick // 600 % 60:02d}{tick // 10 % 60:02d}.{tick % 10}0"
    lat, lon = f"4851.{50_000 + tick % 40_000:05d}", f"00217.{10_000 + receiver:05d}"
    bodies = [
        f"GNRMC,{time_of_day},A,{lat},N,{lon},E,20.0,1.2,010326,,,A",
        "GNVTG,1.2,T,,M,20.0,N,37.0,K,A",
        f"GNGGA,{time_of_day},{lat},N,{lon},E,1,12,0.7,35.2,M,47.0,M,,",
        "GNGSA,A,3,18,21,26,27,16,20,22,29,,,,,1.3,0.7,1.1",
        "GNGSA,A,3,71,85,69,86,77,87,70,76,,,,,1.3,0.7,1.1",
        f"GNGLL,{lat},N,{lon},E,{time_of_day},A,A",
    ]
    if tick % RATE_HZ == 0:
        bodies += [f"GPGSV,4,{part},14,04,07,250,09,07,13,306,37,08,12,175,15,13,08,020,37" for part in range(1, 5)]
    return b"".join(map(sentence.encode, bodies))


def _cpu_s(pid: int) -> float:
    # utime and stime are the 14th and 15th of proc(5)'s stat, counted behind the name in parentheses.
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _row(name: str, value: float, unit: str, most: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "ceiling": most,
        "ratio": round(value / most, 2),
        "target": f"< {most:g}",
        "met": value < most,
    }


if __name__ == "__main__":
    for row in measure():
        print(row)

"""`python -m bench`: measure, print a table, keep the figures in bench/results.json."""

import argparse
from collections.abc import Callable
from typing import Any

from bench import (
    backlog,
    clients,
    gateway_load,
    gateway_press,
    geofences,
    map_10k,
    neighbours,
    nmea,
    phones,
    presses,
    results,
    wire,
)

Rows = list[dict[str, Any]]
BENCHES: dict[str, Callable[[float], Rows]] = {
    "wire_1": lambda seconds: wire.measure(1, seconds),
    "wire_20": lambda seconds: wire.measure(20, seconds),
    "press_idle": lambda seconds: presses.measure("press_idle", seconds),
    "press_loaded": lambda seconds: presses.measure("press_loaded", seconds),
    "phones_http": phones.measure,
    "geofence": geofences.measure,
    "backlog": lambda _: backlog.measure(),
    "neighbours": neighbours.measure,
    "nmea": lambda _: nmea.measure(),
    "gateway_load": lambda _: gateway_load.measure(),
    "gateway_press": gateway_press.measure,
    "map_10k": lambda _: map_10k.measure(),
    "mqtt_client": lambda _: clients.measure(),
}


def main() -> None:
    """Run the benches that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--name", choices=sorted(BENCHES), action="append", help="only this one (may be repeated)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the long ones run (60)")
    chosen = parser.parse_args()
    measured: Rows = []
    for name in chosen.name or BENCHES:
        print(f"{name} …", flush=True)
        rows = BENCHES[name](chosen.seconds)
        results.merge(rows)
        measured += rows
    print(results.table(measured))


if __name__ == "__main__":
    main()

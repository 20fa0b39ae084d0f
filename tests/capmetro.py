"""The Austin fleet of 2015-03-08 as it would come over the wire: 140 buses, 12,354 positions, in the file's own disorder."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from domain import geo, telemetry
from domain.wire import fixes

FILE = Path(__file__).parents[2] / "shared" / "data" / "traces" / "capmetro_2015-03-08.csv"
MPH_TO_MPS = 0.44704  # this file tells miles per hour; see its README


def load() -> list[tuple[str, fixes.Numbered]]:
    """Device and fix of each row; numbers count within a device, in the order of the file."""
    if not FILE.exists():
        pytest.skip("shared captures are not here: " + FILE.name)
    seqs: dict[str, int] = {}
    rows = []
    with FILE.open(newline="") as file:
        for row in csv.DictReader(file):
            device = f"bus-{row['vehicle_id']}"
            seqs[device] = seqs.get(device, 0) + 1
            rows.append((device, fixes.Numbered(seq=seqs[device], fix=_fix(row))))
    return rows


def messages(rows: Iterable[tuple[str, fixes.Numbered]], size: int) -> Iterator[tuple[str, list[fixes.Numbered]]]:
    """Messages of up to `size` fixes of one device, in the order in which they fill up."""
    filling: dict[str, list[fixes.Numbered]] = {}
    for device, item in rows:
        filling.setdefault(device, []).append(item)
        if len(filling[device]) == size:
            yield device, filling.pop(device)
    yield from filling.items()


def _fix(row: dict[str, str]) -> telemetry.Fix:
    # The local zone changes at 02:00 of this day; the file carries the offset.
    time = dt.datetime.fromisoformat(row["timestamp"])
    return telemetry.Fix(
        time=time.astimezone(dt.UTC),
        position=geo.Position(float(row["latitude"]), float(row["longitude"])),
        speed_mps=float(row["speed"]) * MPH_TO_MPS,
    )

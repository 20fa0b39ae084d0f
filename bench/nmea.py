"""Bench `nmea`: lines to merged fixes, beside what pynmea2 takes only to parse the same lines, and to read their positions."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pynmea2

from gateway import nmea

ROOT = Path(__file__).parents[1]
CAPTURES = sorted((ROOT.parent / "shared" / "data" / "gpsd").glob("*.log")) or sorted(
    (ROOT / "tests" / "data" / "nmea").glob("*.nmea")
)
TARGET_PER_S = 100_000
_CHUNK_BYTES = 4_096
_SENTENCES = 20_000
_ROUNDS = 5


def measure() -> list[dict[str, Any]]:
    """Sentences a second, the best of some rounds each, taken in turns so that a busy machine slows all alike."""
    stream, lines = _input()
    rates = {"ours": 0.0, "pynmea2": 0.0, "pynmea2 positions": 0.0}
    for _ in range(_ROUNDS):
        rates["ours"] = max(rates["ours"], _rate(lambda: _assemble(stream)))
        rates["pynmea2"] = max(rates["pynmea2"], _rate(lambda: _parse(lines)))
        rates["pynmea2 positions"] = max(rates["pynmea2 positions"], _rate(lambda: _positions(lines)))
    ours, read = rates["ours"], rates["pynmea2 positions"]
    return [
        _row("nmea", ours, rates["pynmea2"], target=f">= {TARGET_PER_S}", met=ours >= TARGET_PER_S),
        _row("nmea_positions", ours, read, target=">= 1 x pynmea2", met=ours >= read),
    ]


def _row(name: str, value: float, ceiling: float, *, target: str, met: bool) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value),
        "unit": "sentences/s",
        "ceiling": round(ceiling),
        "ratio": round(value / ceiling, 2),
        "target": target,
        "met": met,
    }


def _input() -> tuple[bytes, list[str]]:
    """The captures' good sentences, again and again, as bytes and as pynmea2 takes them."""
    lines = [
        line
        for capture in CAPTURES
        for line in capture.read_text("latin-1").splitlines()
        if line.startswith("$") and _is_parsable(line)
    ]
    lines *= -(-_SENTENCES // len(lines))
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1"), lines


def _is_parsable(line: str) -> bool:
    try:
        pynmea2.parse(line, check=True)
    except (pynmea2.ParseError, ValueError):
        return False
    return True


def _rate(run: Callable[[], int]) -> float:
    started_s = time.perf_counter()
    return run() / (time.perf_counter() - started_s)


def _assemble(stream: bytes) -> int:
    assembler = nmea.Assembler()
    for start in range(0, len(stream), _CHUNK_BYTES):
        assembler.feed(stream[start : start + _CHUNK_BYTES])
    assembler.flush()
    return assembler.framer.counts.good


def _parse(lines: list[str]) -> int:
    for line in lines:
        pynmea2.parse(line)
    return len(lines)


def _positions(lines: list[str]) -> int:
    for line in lines:
        sentence = pynmea2.parse(line)
        if hasattr(sentence, "latitude"):
            _ = sentence.latitude, sentence.longitude
    return len(lines)


if __name__ == "__main__":
    for row in measure():
        print(row)

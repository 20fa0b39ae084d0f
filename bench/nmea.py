"""Bench `nmea`: lines to merged fixes, beside pynmea2 (parsing alone, positions read) and gpsd's decoder on the same file."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

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
_GPSDECODE_TIMES = 10  # so that the start of the process does not count


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
        *_beside_gpsd(ours, stream * _GPSDECODE_TIMES, len(lines) * _GPSDECODE_TIMES),
    ]


def _beside_gpsd(ours: float, stream: bytes, count: int) -> list[dict[str, Any]]:
    """The ratio to gpsd's C decoder, which prints its reports as JSON; nothing where Debian's gpsd-clients is not installed."""
    command = shutil.which("gpsdecode")
    if command is None:
        print("nmea_gpsd: not measured, no gpsdecode here (Debian: apt-get install gpsd-clients)")
        return []
    theirs = 0.0
    with tempfile.TemporaryFile() as file:
        file.write(stream)
        for _ in range(_ROUNDS):
            file.seek(0)
            theirs = max(theirs, _rate(lambda: _gpsdecode(command, file, count)))
    return [_row("nmea_gpsd", ours, theirs, target="none: C beside Python", met=True)]


def _gpsdecode(command: str, file: IO[bytes], count: int) -> int:
    subprocess.run([command], stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return count


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

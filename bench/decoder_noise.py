"""Soak of the decoder: noise by the 100 MB, and a coverage-guided fuzzer (atheris) that searches for an invented fix."""

import importlib
import math
import random
import re
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path

from bench import decoder_oracle, soak_report
from gateway import nmea

CAPTURES = Path(__file__).parents[1] / "tests" / "data" / "nmea"
_CHUNK_BYTES = 1 << 16
_SENTENCES_A_STREAM = 20
_ALPHABET = b"$*,.\r\n0123456789ABCDEFGLMNPRSVW"
_HEADS = (b"$GPRMC,", b"$GNGGA,", b"$GPGSA,A,3,", b"$GPZDA,", b"*", b"\r\n$$", b"\0" * 9, b"\xb5\x62")
_MOST_GROWTH_BYTES = 256 * 1024
_PROGRESS_BYTES, _PROGRESS_STREAMS, _PROGRESS_S = 20_000_000, 5_000, 20.0


def noise(megabytes: int, seed: int) -> soak_report.Finding:
    """Feed noise of four kinds to one assembler, which gives no fix and keeps its memory."""
    chance = random.Random(seed)
    kinds = [
        lambda: chance.randbytes(_CHUNK_BYTES),
        lambda: bytes(chance.choices(_ALPHABET, k=_CHUNK_BYTES)),
        lambda: b"".join(chance.choice(_HEADS) + chance.randbytes(9) for _ in range(_CHUNK_BYTES // 16)),
        lambda: bytes([chance.randrange(256)]) * _CHUNK_BYTES,
    ]
    assembler, fed, given, settled = nmea.Assembler(prompt=True), 0, 0, 0
    tracemalloc.start()
    while fed < megabytes * 1_000_000:
        chunk = chance.choice(kinds)()
        given += len(assembler.feed(chunk))
        fed += len(chunk)
        if fed // _PROGRESS_BYTES > (fed - len(chunk)) // _PROGRESS_BYTES:
            print(f"  noise: {fed / 1e6:.0f} of {megabytes} MB", flush=True)
        del chunk
        if not settled and fed >= megabytes * 100_000:
            settled = tracemalloc.get_traced_memory()[0]
    given += len(assembler.flush())
    grown = tracemalloc.get_traced_memory()[0] - settled
    tracemalloc.stop()
    grown_kb = max(grown, 0) // 1024
    outcome = f"{fed / 1e6:.0f} MB, no exception, {given} fixes, memory grew by {grown_kb} KB after the first tenth"
    return soak_report.held("noise through the decoder", outcome, is_held=given == 0 and grown < _MOST_GROWTH_BYTES)


def examine(stream: bytes) -> int:
    """Decode a stream as it is and with its checksums put right; the number of fixes.

    Raises:
        AssertionError: a fix has no valid sentence behind it.
    """
    fixes = 0
    for variant in (stream, decoder_oracle.repaired(stream)):
        assembler = nmea.Assembler(prompt=True)
        found = assembler.feed(variant) + assembler.flush()
        invented = decoder_oracle.invented(variant, found)
        if invented:
            raise AssertionError(f"invented {invented[0]} of {variant!r}")
        fixes += len(found)
    return fixes


def mutations(count: int, seed: int, mutated: Callable[[bytes, random.Random], bytes]) -> soak_report.Finding:
    """Examine mutated sentences among good ones."""
    chance = random.Random(seed)
    lines = [line for path in sorted(CAPTURES.glob("*.nmea")) for line in path.read_bytes().splitlines(keepends=True)]
    given = 0
    for number in range(-(-count // _SENTENCES_A_STREAM)):
        if number % _PROGRESS_STREAMS == 0:
            print(f"  traced: {number * _SENTENCES_A_STREAM:,} of {count:,}", flush=True)
        drawn = chance.choices(lines, k=2 * _SENTENCES_A_STREAM)
        given += examine(b"".join(mutated(line, chance) if place % 2 else line for place, line in enumerate(drawn)))
    outcome = f"{count:,} sentences, as they were and with checksums put right: {given:,} fixes, none invented"
    return soak_report.held("mutated sentences, each fix traced to its sentence", outcome, is_held=given > 0)


def guided(minutes: float, seed: int) -> soak_report.Finding:
    """Let atheris search in a process of its own, for so long."""
    command = [sys.executable, "-m", "bench.decoder_noise", str(round(minutes * 60)), str(seed)]
    last: deque[str] = deque(maxlen=40)
    reached, told_s = "", -math.inf
    with subprocess.Popen(
        command, cwd=CAPTURES.parents[2], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as search:
        assert search.stdout is not None
        for line in search.stdout:
            last.append(line)
            if not line.startswith("#") or " cov: " not in line:
                continue
            reached = line
            if time.monotonic() - told_s > _PROGRESS_S:
                told_s = time.monotonic()
                print(f"  guided: {' '.join(line.split())}"[:100], flush=True)
    outcome = _guided_outcome("".join(last), reached)
    if search.returncode or outcome is None:
        outcome = f"exit code {search.returncode}: …{''.join(last)[-600:]!r}"
        return soak_report.held("streams by coverage (atheris), each fix traced", outcome, is_held=False)
    return soak_report.held("streams by coverage (atheris), each fix traced", outcome, is_held=True)


def _guided_outcome(told: str, reached: str) -> str | None:
    """What libFuzzer says at its end; nothing where it did not come to one."""
    done = re.search(r"number_of_executed_units: (\d+)", told)
    peak = re.search(r"peak_rss_mb: +(\d+)", told)
    place = re.search(r"cov: (\d+) .*corp: (\d+)/", reached)
    if done is None or peak is None or place is None:
        return None
    return (
        f"{int(done[1]):,} streams, no exception, no invented fix, {int(place[1]):,} edges reached by "
        f"{int(place[2]):,} kept streams, {peak[1]} MB at most"
    )


def main() -> None:
    """`python -m bench.decoder_noise SECONDS SEED`: let atheris search, beginning with the made-up captures."""
    atheris = importlib.import_module("atheris")  # of requirements/soak.lock, which only `make soak` installs

    seconds, seed = sys.argv[1:]
    with tempfile.TemporaryDirectory() as corpus:
        for capture in CAPTURES.glob("*.nmea"):
            (Path(corpus) / capture.stem).write_bytes(capture.read_bytes()[:2_000])
        atheris.instrument_all()
        atheris.Setup(
            [
                sys.argv[0],
                corpus,
                f"-max_total_time={seconds}",
                f"-seed={seed}",
                "-max_len=2000",
                "-print_final_stats=1",
                f"-artifact_prefix={corpus}/",
            ],
            examine_bytes,
        )
        atheris.Fuzz()


def examine_bytes(stream: bytes) -> None:
    """What atheris calls."""
    examine(stream)


if __name__ == "__main__":
    main()

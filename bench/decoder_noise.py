"""Soak of the decoder: noise by the 100 MB, and a coverage-guided fuzzer (atheris) that searches for an invented fix."""

import importlib
import random
import re
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from bench import decoder_oracle
from gateway import nmea

CAPTURES = Path(__file__).parents[1] / "tests" / "data" / "nmea"
_CHUNK_BYTES = 1 << 16
_SENTENCES_A_STREAM = 20
_ALPHABET = b"$*,.\r\n0123456789ABCDEFGLMNPRSVW"
_HEADS = (b"$GPRMC,", b"$GNGGA,", b"$GPGSA,A,3,", b"$GPZDA,", b"*", b"\r\n$$", b"\0" * 9, b"\xb5\x62")
_MOST_GROWTH_BYTES = 256 * 1024


def noise(megabytes: int, seed: int) -> tuple[str, bool]:
    """Feed noise of four kinds to one assembler, which gives no fix and keeps its memory; the outcome and whether it held."""
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
        del chunk
        if not settled and fed >= megabytes * 100_000:
            settled = tracemalloc.get_traced_memory()[0]
    given += len(assembler.flush())
    grown = tracemalloc.get_traced_memory()[0] - settled
    tracemalloc.stop()
    grown_kb = max(grown, 0) // 1024
    outcome = f"{fed / 1e6:.0f} MB, no exception, {given} fixes, memory grew by {grown_kb} KB after the first tenth"
    return outcome, given == 0 and grown < _MOST_GROWTH_BYTES


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


def mutations(count: int, seed: int, mutated: Callable[[bytes, random.Random], bytes]) -> tuple[str, bool]:
    """Examine mutated sentences among good ones; the outcome and whether it held."""
    chance = random.Random(seed)
    lines = [line for path in sorted(CAPTURES.glob("*.nmea")) for line in path.read_bytes().splitlines(keepends=True)]
    given = 0
    for _ in range(count // _SENTENCES_A_STREAM):
        drawn = chance.choices(lines, k=2 * _SENTENCES_A_STREAM)
        given += examine(b"".join(mutated(line, chance) if place % 2 else line for place, line in enumerate(drawn)))
    return f"{count:,} sentences, as they were and with checksums put right: {given:,} fixes, none invented", given > 0


def guided(runs: int) -> tuple[str, bool]:
    """Let atheris search in a process of its own; the outcome and whether it found nothing."""
    command = [sys.executable, "-m", "bench.decoder_noise", str(runs)]
    run = subprocess.run(
        command, cwd=CAPTURES.parents[2], capture_output=True, text=True, errors="replace", check=False
    )
    done = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    peak = re.search(r"peak_rss_mb: +(\d+)", run.stderr)
    if run.returncode or done is None or peak is None:
        return f"exit code {run.returncode}: …{(run.stdout + run.stderr)[-600:]!r}", False
    return f"{int(done[1]):,} streams, no exception, no invented fix, {peak[1]} MB at most", True


def main() -> None:
    """`python -m bench.decoder_noise RUNS`: let atheris search, beginning with the made-up captures."""
    atheris = importlib.import_module("atheris")  # of requirements/soak.lock, which only `make soak` installs

    runs = sys.argv[1]
    with tempfile.TemporaryDirectory() as corpus:
        for capture in CAPTURES.glob("*.nmea"):
            (Path(corpus) / capture.stem).write_bytes(capture.read_bytes()[:2_000])
        atheris.instrument_all()
        atheris.Setup(
            [
                sys.argv[0],
                corpus,
                f"-runs={runs}",
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

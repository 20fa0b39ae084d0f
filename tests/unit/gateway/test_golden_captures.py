"""Captures made for what the real ones lack, beside what they must give; and the real ones beside gpsd's own output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import decoding

DATA = Path(__file__).parents[2] / "data" / "nmea"
SHARED = Path(__file__).parents[4] / "shared"
REAL = sorted((SHARED / "data" / "gpsd").glob("*.log"))


@pytest.mark.parametrize("capture", sorted(DATA.glob("*.nmea")), ids=lambda path: path.stem)
def test_a_made_up_capture_gives_the_expected_fixes(capture: Path) -> None:
    expected = [json.loads(line) for line in capture.with_suffix(".jsonl").read_text().splitlines()]

    with capture.open("rb") as stream:
        found = [json.loads(line) for line in decoding.lines(stream, require_checksum=True)]

    assert found == expected


@pytest.mark.skipif(not REAL, reason="the shared captures are not here")
@pytest.mark.parametrize("capture", REAL, ids=lambda path: path.stem)
def test_a_real_capture_gives_what_gpsd_made_of_it(capture: Path, tmp_path: Path) -> None:
    decoded = tmp_path / "decoded.jsonl"
    with capture.open("rb") as stream:
        decoded.write_text("".join(f"{line}\n" for line in decoding.lines(stream, require_checksum=True)))

    comparison = subprocess.run(
        [
            sys.executable,
            SHARED / "tools" / "gpsd_compare.py",
            decoded,
            f"{capture}.chk",
            "--log",
            capture,
            "--full",
            "-v",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert comparison.returncode == 0, comparison.stdout + comparison.stderr


def test_sentences_without_checksum_are_taken_only_when_asked_for(tmp_path: Path) -> None:
    capture = tmp_path / "bare.nmea"
    capture.write_bytes(b"$GPRMC,100000.00,A,5000.0,N,01000.0,E,1.0,10.0,010626,,,A\r\n")

    with capture.open("rb") as stream:
        refused = list(decoding.lines(stream, require_checksum=True))
    with capture.open("rb") as stream:
        taken = list(decoding.lines(stream, require_checksum=False))

    assert (len(refused), len(taken)) == (0, 1)

import json
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).parents[2] / "data" / "nmea"


def gateway(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "gateway", *arguments], input=stdin, capture_output=True, check=False)


def test_decode_prints_a_json_object_for_each_fix_of_a_file() -> None:
    run = gateway("decode", str(DATA / "midnight.nmea"))

    assert run.returncode == 0
    assert run.stderr == b""
    assert [json.loads(line)["time"] for line in run.stdout.splitlines()][-1] == "2026-01-01T00:00:01.000Z"


def test_decode_reads_standard_input() -> None:
    stdin = (DATA / "noise.nmea").read_bytes()

    assert gateway("decode", "-", stdin=stdin).stdout == gateway("decode", str(DATA / "noise.nmea")).stdout


def test_what_the_comments_before_a_capture_quote_is_no_fix() -> None:
    quoted = b"$GPRMC,101112,A,4807.0380,N,01131.0000,E,10.0,84.4,191125,,,A*76\n"
    played = gateway("decode", "-", stdin=quoted)
    comments = b"# a receiver\n\n# says " + quoted + b" \r\n#" + b"x" * 5_000 + quoted + b"\n"

    assert played.stdout.count(b"\n") == 1
    assert gateway("decode", "-", stdin=comments).stdout == b""
    assert gateway("decode", "-", stdin=comments + quoted).stdout == played.stdout


def test_decode_takes_any_noise_and_exits_0() -> None:
    run = gateway("decode", "-", stdin=bytes(range(256)) * 4_000)

    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_decode_names_a_file_that_it_cannot_read() -> None:
    run = gateway("decode", "no-such-file.nmea")

    assert run.returncode == 1
    assert run.stderr == b"gateway: cannot read no-such-file.nmea: No such file or directory\n"


def test_decode_ends_quietly_when_its_reader_goes_away() -> None:
    command = f"{sys.executable} -m gateway decode {DATA / 'rio-10hz.nmea'} | head -c 1"
    run = subprocess.run(command, shell=True, capture_output=True, check=False)

    assert run.stderr == b""

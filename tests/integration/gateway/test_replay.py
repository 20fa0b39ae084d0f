import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway import capture, decoding
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends

DATA = Path(__file__).parents[2] / "data" / "nmea"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "gpsd"
REAL = sorted(SHARED.glob("*.log"))
PLAYED = ["rst39", "garmin48", "triton400", "quectel-eg25-g-2"]
if "DRIVEOPS_SOAK" in os.environ:
    PLAYED = [path.stem for path in REAL]


@pytest.fixture
def config(broker: RunningBroker, tmp_path: Path) -> str:
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, broker.port, broker.password(ends.USER)))
    return str(path)


@pytest.mark.parametrize("name", ["midnight", "rio-10hz", "talkers", "noise", "zda"])
def test_a_capture_that_is_played_arrives_as_decode_prints_it(config: str, server: ends.Server, name: str) -> None:
    file = DATA / f"{name}.nmea"

    run = ends.gateway("replay", str(file), "--speed", "20", "--config", config)

    with file.open("rb") as stream:
        expected = [line.split('"')[3] for line in decoding.lines(stream, require_checksum=True)]
    assert run.returncode == 0, run.stderr
    assert server.times() == sorted(expected)
    assert f"{len(expected)} fixes sent, {len(expected)} acknowledged" in run.stdout


@pytest.mark.skipif(not REAL, reason="the shared captures are not here")
def test_a_real_capture_is_played_with_its_own_old_times(config: str, server: ends.Server) -> None:
    run = ends.gateway("replay", str(SHARED / "bu353s4.log"), "--speed", "10", "--config", config)

    assert run.returncode == 0, run.stderr
    assert "25 fixes sent, 25 acknowledged" in run.stdout
    assert (server.times()[0], server.times()[-1]) == ("2014-12-31T03:07:19.000Z", "2014-12-31T03:07:43.000Z")
    assert server.fixes[0]["lat"] == -37.784788333


@pytest.mark.skipif(not REAL, reason="the shared captures are not here")
@pytest.mark.parametrize("name", PLAYED)
def test_a_real_capture_through_a_line_gives_what_gpsd_made_of_it(
    config: str, server: ends.Server, tmp_path: Path, name: str
) -> None:
    log = SHARED / f"{name}.log"

    run = ends.gateway("replay", str(log), "--speed", "20", "--config", config)

    played = tmp_path / "played.jsonl"
    played.write_text("".join(f"{json.dumps(_as_decoded(fix))}\n" for fix in server.fixes))
    comparison = subprocess.run(
        [sys.executable, SHARED.parents[1] / "tools" / "gpsd_compare.py", played, f"{log}.chk", "--log", log, "--full", "--excuse-edges"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert comparison.returncode == 0, comparison.stdout


def _as_decoded(fix: dict[str, Any]) -> dict[str, Any]:
    names = {
        "t": "time",
        "lat": "lat",
        "lon": "lon",
        "alt": "alt_m",
        "spd": "speed_mps",
        "crs": "course_deg",
        "fix": "fix_mode",
    }
    return {theirs: fix.get(ours) for ours, theirs in names.items()}


def test_without_a_broker_it_says_so_and_what_to_start(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        path = tmp_path / "gateway.toml"
        path.write_text(ends.configuration(tmp_path, unused.getsockname()[1], "x"))

        run = ends.gateway("replay", str(DATA / "midnight.nmea"), "--config", str(path))

    assert run.returncode == 1
    assert "no broker at 127.0.0.1" in run.stderr
    assert "Start the stack with `python -m stack up`" in run.stderr
    assert "Traceback" not in run.stderr


def test_without_ingest_it_says_how_much_waits_and_sends_it_the_next_time(config: str, server: ends.Server) -> None:
    server.acknowledges = False
    first = ends.gateway("replay", str(DATA / "midnight.nmea"), "--speed", "20", "--wait", "0.5", "--config", config)
    server.acknowledges = True

    second = ends.gateway("replay", str(DATA / "talkers.nmea"), "--speed", "20", "--config", config)

    assert first.returncode == 1
    assert "4 rows are not acknowledged after 0 s and stay in the outbox. Is ingest running?" in first.stderr
    assert second.returncode == 0
    assert "7 fixes sent, 7 acknowledged" in second.stdout


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none_is_refused(speed: str) -> None:
    run = ends.gateway("replay", "x.nmea", f"--speed={speed}")

    assert run.returncode == 2
    assert "--speed" in run.stderr


def test_a_capture_is_cut_where_its_time_changes_and_nothing_of_it_is_lost() -> None:
    with (DATA / "rio-10hz.nmea").open("rb") as stream:
        content = b"".join(capture.receiver_bytes(stream))

    bursts = list(capture.bursts(content, longest_pause_s=10.0))

    assert b"".join(burst.data for burst in bursts) == content
    assert [burst.after_s for burst in bursts] == [0.0] + [pytest.approx(0.1)] * 11


def test_a_long_pause_in_a_capture_is_shortened() -> None:
    content = b"$GPGLL,1,N,2,E,100000.00,A*00\r\n$GPGLL,1,N,2,E,110000.00,A*00\r\n"

    assert [burst.after_s for burst in capture.bursts(content, longest_pause_s=10.0)] == [0.0, 10.0]

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends

ROOT = Path(__file__).parents[3]
CAPTURE = ROOT / "tests" / "data" / "nmea" / "midnight.nmea"
ALONE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONNOUSERSITE": "1"}


@pytest.mark.timeout(180)
def test_the_gateway_runs_with_its_own_extra_and_nothing_else(
    broker: RunningBroker, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "gateway.lock"], check=True, timeout=150)
    inside = subprocess.run(
        [python, "-c", "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions()))"],
        env=ALONE, cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    # What pip would install with the distribution: the packages of the box, without the server's.
    for package in ("gateway", "domain"):
        shutil.copytree(ROOT / package, tmp_path / "box" / package, ignore=shutil.ignore_patterns("__pycache__"))
    config = tmp_path / "gateway.toml"
    config.write_text(ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line))
    command = [str(python), "-m", "gateway"]

    def gateway(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path / "box", env=ALONE, capture_output=True, text=True, check=False
        )

    decoded = gateway("decode", str(CAPTURE))
    checked = gateway("check", "--config", str(config))
    with subprocess.Popen([*command, "run", "--config", config], cwd=tmp_path / "box", env=ALONE) as running:
        try:
            ends.eventually(lambda: gateway("status", "--config", str(config)).returncode == 0, "it runs")
            line.second("101112.00")
            line.say("PDOP,PRESS,F1,7,83,-61")
            ends.eventually(lambda: len(server.presses) == 1 and len(server.fixes) == 1, "both arrive")
        finally:
            running.terminate()

    assert inside == ["paho-mqtt", "pyserial"]
    assert decoded.stdout == CAPTURE.with_suffix(".jsonl").read_text()
    assert (checked.returncode, checked.stderr) == (0, "")
    assert running.returncode == 0

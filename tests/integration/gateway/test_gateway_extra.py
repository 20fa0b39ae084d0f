import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.integration.gateway import ends

ROOT = Path(__file__).parents[3]
CAPTURE = ROOT / "tests" / "data" / "nmea" / "midnight.nmea"


@pytest.mark.timeout(180)
def test_the_gateway_runs_with_its_own_extra_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "gateway.lock"], check=True, timeout=150)
    config = tmp_path / "gateway.toml"
    config.write_text(ends.configuration(tmp_path, 1, "x"))

    def gateway(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "gateway", *arguments],
            cwd=ROOT, env={**os.environ, "PYTHONNOUSERSITE": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    decoded = gateway("decode", str(CAPTURE))
    checked = gateway("check", "--offline", "--config", str(config))
    ran = gateway("run", "--config", str(config))

    assert decoded.stdout == CAPTURE.with_suffix(".jsonl").read_text()
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "name at least one [[port]]" in ran.stderr  # it came as far as that: everything is imported

"""A button wired to a serial port's control line is pressed, and the dispatchers' database knows."""

import sys
import time
from pathlib import Path

import pytest

from gateway import contact, wired_button
from gateway.port_settings import Pin
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.integration.gateway import ends
from tests.system.conftest import VAN, Rows

pytestmark = pytest.mark.timeout(120)


def test_a_wired_press_is_an_alert_with_its_place_and_its_cancel_leaves_it_open(
    rows: Rows, ingest: IngestProcess, broker: RunningBroker, line: ends.Line, tmp_path: Path
) -> None:
    bits = tmp_path / "bits"
    bits.write_text("0")
    button = f'[[button]]\nport = "line0"\npin = "dsr"\nfob = "{VAN.fob}"\ncancel_s = 60\n'
    settings = ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line, more=button)
    box = ends.Box(
        tmp_path, settings, inside=[sys.executable, "-m", "tests.integration.gateway.wired_lines", str(bits)]
    )
    box.start()
    try:
        ends.eventually(lambda: f"{VAN.fob}: heard" in box.status().stdout, "the button is watched")
        line.second("120000.00")
        line.second("120001.00")
        ends.eventually(lambda: rows.count("fix") >= 1, "a fix is a row")

        _put(bits, wired_button.PIN_BITS[Pin.DSR])
        ends.eventually(lambda: rows.count("alert") == 1, "the press is an alert")
        _put(bits, 0)
        time.sleep(2 * contact.DOUBLE_S)  # a quicker hand makes it a double press
        _put(bits, wired_button.PIN_BITS[Pin.DSR])
        ends.eventually(
            lambda: rows.select("SELECT 1 FROM alert WHERE cancelled_by_device_at IS NOT NULL") == [(1,)],
            "held once more it is cancelled",
        )
    finally:
        box.kill()

    assert rows.select("SELECT state, fob, location_lat FROM alert") == [
        ("open", VAN.fob, pytest.approx(48 + 51.5 / 60)),
    ]
    assert rows.select("SELECT kind FROM press ORDER BY time")[-1] == ("cancel",)


def _put(bits: Path, level: int) -> None:
    fresh = bits.with_suffix(".new")
    fresh.write_text(str(level))
    fresh.replace(bits)

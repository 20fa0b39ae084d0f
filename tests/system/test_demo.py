"""`python -m stack demo` as a person meets it: the whole stack, the town in motion, keys that act."""

import fcntl
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from db.seed import roster
from stack import engine, scratch, settings
from tests.integration.stack import checkout as checkouts

pytestmark = pytest.mark.timeout(180)

_LIMIT_S = 90.0
_COLUMNS, _ROWS = 160, 40
_SMALL = ("--no-browser", "--units=8", "--gateways=1", "--presses-per-hour=0", "--lang=en")


@pytest.fixture
def checkout(server_programs: engine.Engine) -> Iterator[checkouts.Checkout]:
    """A stack of this test's own, down."""
    with scratch.folder("demo") as folder:
        yield from checkouts.checkout(folder)


class Terminal:
    """A demo on a pseudo-terminal: what it has drawn, and keys for it."""

    def __init__(self, checkout: checkouts.Checkout, *options: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        env = checkout.env | {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-m", "stack", "demo", *options]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=settings.CHECKOUT, start_new_session=True
        )
        os.close(theirs)
        self._drawn = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def press(self, keys: str) -> None:
        self._drawn = b""
        os.write(self._ours, keys.encode())

    def shows(self, text: str) -> None:
        _eventually(lambda: text in self.text(), f"{text!r} in:\n{self.text()[-3000:]}", alive=self.process)

    def text(self) -> str:
        """All that was drawn since the last key, without colours and moves."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._drawn.decode("utf-8", "replace"))

    def end(self) -> int:
        code = self.process.wait(timeout=_LIMIT_S)
        self._reader.join(timeout=5)
        os.close(self._ours)
        return code

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65_536)
            except OSError:  # hung up
                return
            self._drawn = (self._drawn + data)[-400_000:]


def test_without_a_terminal_it_tells_in_lines_and_leaves_nothing_up(checkout: checkouts.Checkout) -> None:
    told = checkout.run("demo", "--duration=10", *_SMALL)

    lines = [line for line in told.splitlines() if " units " in line]
    assert len(lines) >= 5
    for service in ("PostgreSQL", "Mosquitto", "ingest", "web", "fleet"):
        assert service in lines[-1]
    assert "down" not in lines[-1]
    assert re.search(r"http://127\.0\.0\.1:\d+/login/link/[\w-]+", told)
    assert re.search(r"[5-8] units", lines[-1])
    assert int(re.search(r"([\d,]+) fixes", lines[-1]).group(1).replace(",", "")) >= 20  # type: ignore[union-attr]
    assert "not up" in checkout.run("status", code=1)
    assert checkout.server_processes() == []


def test_a_press_is_raised_taken_and_resolved_with_keys(checkout: checkouts.Checkout) -> None:
    checkout.run("up", "--detach")
    terminal = Terminal(checkout, *_SMALL)
    terminal.shows("van-01")

    terminal.press("p")
    terminal.shows("OPEN")
    terminal.shows("lamp: received")
    terminal.press("a")
    terminal.shows("taken")
    terminal.shows("lamp: help is coming")
    terminal.press("r")
    terminal.shows("How did it end?")
    terminal.press("false alarm\r")
    terminal.shows("lamp: off")
    terminal.press("q")

    assert terminal.end() == 0
    rows = _query(
        checkout,
        "SELECT a.state, a.device_name, a.fob, a.acknowledged_by, a.resolution, a.press_count, a.location_lat IS NOT NULL"
        " FROM alert a",
    )
    van = roster.enlist(units=1, gateways=1)[0]
    assert rows == [("resolved", "van-01", van.fob, "dispatcher", "false alarm", 1, True)]
    assert _fleets(checkout) == []


def test_fixes_of_a_real_gateway_and_of_trackers_become_rows(checkout: checkouts.Checkout) -> None:
    checkout.run("up", "--detach")

    checkout.run("fleet", "--duration=12", "--units=8", "--gateways=1", "--presses-per-hour=0")

    rows: dict[object, int] = dict(
        _query(  # type: ignore[arg-type]
            checkout,
            "SELECT d.name, count(*)::int FROM fix JOIN device d ON d.id = fix.device_id JOIN tenant t ON t.id = d.tenant_id"
            " WHERE t.slug = 'demo' AND fix.lat BETWEEN 60.15 AND 60.19 AND fix.lon BETWEEN 24.92 AND 24.97 GROUP BY 1",
        )
    )
    assert rows["van-01"] >= 3
    assert rows["unit-00001"] >= 5
    assert _query(checkout, "SELECT count(*)::int FROM reject") == [(0,)]


def test_the_demo_goes_on_when_the_fleet_dies(checkout: checkouts.Checkout) -> None:
    checkout.run("up", "--detach")
    terminal = Terminal(checkout, *_SMALL)
    terminal.shows("van-01")

    for pid in _fleets(checkout):
        os.kill(pid, signal.SIGKILL)
    terminal.press("?")
    terminal.shows("fleet down")
    terminal.press("p")
    terminal.shows("The fleet does not answer")
    terminal.press("q")

    assert terminal.end() == 0


def test_a_fleet_without_a_stack_says_what_to_do(checkout: checkouts.Checkout) -> None:
    told = checkout.run("fleet", "--duration=1", code=1)

    assert "python -m stack up" in told


def test_vans_need_the_stack_of_the_checkout(checkout: checkouts.Checkout) -> None:
    checkout.extra["STACK_FLEET_MQTT_URL"] = "mqtt://fleet:secret@127.0.0.1:9"

    told = checkout.run("fleet", "--duration=1", "--gateways=2", code=1)
    refused = checkout.run("fleet", "--duration=1", "--gateways=0", code=1)

    assert "--gateways 0" in told
    assert "127.0.0.1:9 cannot be used" in refused
    assert "secret" not in told + refused


def _query(checkout: checkouts.Checkout, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(checkout.look().addresses.database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def _fleets(checkout: checkouts.Checkout) -> list[int]:
    """The fleet of this checkout, by the socket it listens at."""
    path = checkout.folder / "state" / "fleet.sock"
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return []
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return [struct.unpack("3i", credentials)[0]]


def _eventually(happened: Callable[[], bool], what: str, *, alive: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while not happened():
        assert alive.poll() is None, f"the demo has ended; there was no {what}"
        assert time.monotonic() < deadline, f"there was no {what}"
        time.sleep(0.05)

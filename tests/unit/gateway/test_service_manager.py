import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import service_manager

UNIT = Path(__file__).parents[3] / "deploy" / "driveops-gateway.service"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        yield heard


def told(manager: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(manager.recv(4_096).decode())
        except BlockingIOError:
            return words


def test_it_is_ready_once_then_alive_three_times_an_interval_then_stopping(manager: socket.socket) -> None:
    us = service_manager.ServiceManager({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000000"})

    for mono_s in (100.0, 100.5, 109.5, 110.0, 119.9, 120.0):
        us.is_alive(mono_s=mono_s)
    us.stops()

    assert told(manager) == ["READY=1\nWATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_watchdog_of_another_process_and_none_are_not_served(manager: socket.socket) -> None:
    for watchdog in ({}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}):
        us = service_manager.ServiceManager({"NOTIFY_SOCKET": manager.getsockname(), **watchdog})
        us.is_alive(mono_s=0.0)
        us.is_alive(mono_s=1e6)

    assert told(manager) == ["READY=1\nWATCHDOG=1"] * 3


def test_an_abstract_name_is_one() -> None:
    name = f"driveops-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}")
        heard.setblocking(False)

        service_manager.ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).stops()

        assert told(heard) == ["STOPPING=1"]


def test_a_manager_that_has_gone_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    us = service_manager.ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})

    us.is_alive(mono_s=0.0)
    us.stops()

    assert [record.message for record in caplog.records] == [
        f"the service manager at {tmp_path}/gone does not hear us: No such file or directory"
    ]


def test_ready_is_said_until_it_is_heard(tmp_path: Path) -> None:
    us = service_manager.ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "late")})
    us.is_alive(mono_s=0.0)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "late"))
        heard.setblocking(False)
        us.is_alive(mono_s=0.5)
        us.is_alive(mono_s=1.0)

        assert told(heard) == ["READY=1\nWATCHDOG=1"]


def test_the_unit_says_what_the_gateway_relies_on() -> None:
    keys = [line.partition("=")[::2] for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#"]

    for key, value in {
        "Type": "notify",
        "Restart": "always",
        "WatchdogSec": "60",
        "DynamicUser": "yes",
        "SupplementaryGroups": "dialout",
        "StateDirectory": "driveops-gateway",
        "ProtectSystem": "strict",
    }.items():
        assert (key, value) in keys


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (
        UNIT.read_text().replace("/opt/driveops/venv/bin/python", "/bin/true").replace("/opt/driveops", str(tmp_path))
    )
    (tmp_path / UNIT.name).write_text(text)

    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / UNIT.name], capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stderr) == (0, "")

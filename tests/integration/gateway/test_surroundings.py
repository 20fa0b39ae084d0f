"""What is wrong around a gateway: each is one exact line and an exit code, against the real thing, never a stack trace."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import ports
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

MakeBox = Callable[..., ends.Box]


def test_an_option_and_a_command_that_do_not_exist() -> None:
    for arguments, message in (
        (("run", "--colour"), "gateway: error: unrecognized arguments: --colour"),
        (("dance",), "gateway: error: argument COMMAND: invalid choice: 'dance'"),
        (
            ("run", "--log-format", "xml"),
            "gateway run: error: argument --log-format: invalid choice: 'xml' (choose from",
        ),
    ):
        run = ends.gateway(*arguments)
        assert run.returncode == 2
        assert run.stderr.splitlines()[-1].startswith(message)


def test_check_tells_all_that_is_wrong_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, 1, "x") + 'colour = 1\n[[port]]\nname = "gps"\n')

    run = ends.gateway("check", "--config", str(path))

    known = "host, keepalive_s, password, password_file, port, tls"
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.splitlines() == [
        f"gateway: {path}: port[1].device: is missing",
        f"gateway: {path}: broker.colour: there is no such key; known here: {known}",
    ]


def test_a_port_that_its_user_may_not_read(line: ends.Line, broker: RunningBroker, tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("root may read every port unless setpriv(1) takes that right away")
    line.path.chmod(0o000)
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line))
    command = [sys.executable, "-m", "gateway", "check", "--config", str(path)]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]

    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert f"WRONG port line0: {line.path}: cannot be read: permission denied" in run.stdout


_NOBODY = 65_534


def in_a_full_folder(tmp_path: Path, config: Path) -> list[str]:
    """A command that runs the gateway with its state folder on a disk of its own that has not a byte left."""
    state = tmp_path / "state"
    state.mkdir()
    script = (
        f"mount -t tmpfs -o size=16k none {state} && chmod 700 {state} && "
        f"{{ head -c 1M /dev/zero >{state}/ballast; exec {sys.executable} -m gateway run --config {config}; }} 2>&1"
    )
    return ["unshare", "-rm", "sh", "-c", script]


def test_a_disk_that_is_full_from_the_start_keeps_no_press(
    line: ends.Line, server: ends.Server, broker: RunningBroker, tmp_path: Path
) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("a disk of the test's own needs unshare(1) and user namespaces")
    config = tmp_path / "gateway.toml"
    config.write_text(ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line))
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(in_a_full_folder(tmp_path, config), stdout=out) as process:
        eventually(lambda: "connected to the broker" in log.read_text(), "it starts")
        eventually(lambda: "is open at" in log.read_text(), "it reads")
        line.say("PDOP,PRESS,F1,7,83,-61")
        eventually(lambda: len(server.presses) == 1, "the press arrives")
        eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "its fob is told so once the server has it")
        process.send_signal(signal.SIGTERM)

    assert process.returncode == 0
    assert f"the state folder {tmp_path / 'state'} cannot be written: No space left on device" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_state_folder_that_cannot_be_made_keeps_no_press(
    make_box: MakeBox, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file stands in the way")
    box = make_box(line)
    box.start()
    box.says("connected to the broker")
    box.says("is open at")

    line.say("PDOP,PRESS,F1,7,83,-61")

    eventually(lambda: len(server.presses) == 1, "the press arrives")
    assert box.stop() == 0
    assert f"the state folder {tmp_path / 'state'} cannot be written: File exists" in box.log()
    assert "Traceback" not in box.log()


def test_a_state_folder_of_another_user_keeps_no_press(
    line: ends.Line, server: ends.Server, broker: RunningBroker, tmp_path: Path
) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("to give a folder to another user takes root, to be held off by it setpriv(1)")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, _NOBODY, _NOBODY)
    rights = "-dac_override,-dac_read_search,-fowner,-chown"
    box = ends.Box(
        tmp_path,
        ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line),
        inside=("setpriv", f"--bounding-set={rights}"),
    )
    try:
        box.start()
        box.says("connected to the broker")
        box.says("is open at")
        line.say("PDOP,PRESS,F1,7,83,-61")
        eventually(lambda: len(server.presses) == 1, "the press arrives")
        assert box.stop() == 0
    finally:
        box.kill()
    assert f"the state folder {state} cannot be written: Permission denied" in box.log()
    assert "Traceback" not in box.log()


def test_a_service_in_full(
    make_box: MakeBox, line: ends.Line, server: ends.Server, broker: RunningBroker, tmp_path: Path
) -> None:
    """Notifies its manager, logs JSON, shows its figures in a file and on a port, tells its status; and no secret in any."""
    port = ports.free()
    metrics = f'[metrics]\ntextfile = "gw.prom"\nlisten = "127.0.0.1:{port}"'
    box = make_box(line, more=f'log_format = "json"\n{metrics}')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(ends.LIMIT_S)
        box.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="3000000")
        assert [manager.recv(100) for _ in range(2)] == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1"]
        box.says("connected to the broker")
        box.says("is open at")
        line.second("101112.00")
        line.say("PDOP,PRESS,F1,7,83,-61")
        eventually(lambda: len(server.presses) == 1 and len(server.fixes) == 1, "both arrive")
        shown = 'driveops_gateway_presses_total{kind="press"} 1\n'
        eventually(lambda: shown in (tmp_path / "gw.prom").read_text(), "the file counts the press")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            fetched = answer.read().decode()
        status = box.status("--json")
        assert box.stop() == 0
        while (word := manager.recv(100)) != b"STOPPING=1":
            assert word == b"WATCHDOG=1"

    assert shown in fetched
    assert "driveops_gateway_link_up 1\n" in fetched
    told = json.loads(status.stdout)
    assert (told["broker"], told["presses"], told["sentences"]["line0"]["fixes"]) == (None, {"press": 1}, 1)
    records = [json.loads(row) for row in box.log().splitlines()]
    assert all({"time", "level", "logger", "message"} <= record.keys() for record in records)
    assert [record["press"] for record in records if "press" in record] == [server.presses[0]["id"]]
    assert not (tmp_path / "gw.prom").exists()
    for text in (box.log(), fetched, status.stdout):
        assert broker.password(ends.USER) not in text


def test_a_file_that_takes_for_ever_keeps_no_press_and_no_sign_of_life(
    make_box: MakeBox, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "state" / ".status.json.new")  # whoever opens it to write waits for a reader
    box = make_box(line)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(ends.LIMIT_S)
        box.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1000000")
        box.says("is open at")
        line.say("PDOP,PRESS,F1,7,83,-61")
        eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "the press is safe")
        # The report would have been written with the first of these.
        assert [manager.recv(100)[-10:] for _ in range(8)] == [b"WATCHDOG=1"] * 8


def test_the_status_of_a_gateway_that_stands_still_is_a_failure(
    make_box: MakeBox, line: ends.Line, tmp_path: Path
) -> None:
    box = make_box(line)
    box.start()
    eventually(lambda: box.status().returncode == 0, "it tells its status")
    path = tmp_path / "state" / "status.json"
    box.halt()
    record = json.loads(path.read_text())
    record["status"]["t"] = "2026-01-01T00:00:00.000Z"
    path.write_text(json.dumps(record))

    run = box.status("--json")

    assert (run.returncode, run.stdout) == (1, "")
    assert "has not reported for " in run.stderr
    assert "is the disk full?" in run.stderr

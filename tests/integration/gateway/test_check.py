from pathlib import Path

import serial

from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends


def check(folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    path = folder / "gateway.toml"
    path.write_text(text)
    path.chmod(0o600)  # it holds a password
    run = ends.gateway("check", "--config", str(path), *options)
    assert "Traceback" not in run.stderr
    return run.returncode, run.stdout, run.stderr


def test_check_finds_nothing_wrong_where_nothing_is(broker: RunningBroker, line: ends.Line, tmp_path: Path) -> None:
    text = ends.configuration(tmp_path, broker.port, broker.password(ends.USER), line)

    code, out, _ = check(tmp_path, text)

    assert code == 0
    assert [row.split()[0] for row in out.splitlines()] == ["ok"] * 3


def test_check_names_a_broker_that_is_not_there_and_a_missing_port(tmp_path: Path) -> None:
    text = ends.configuration(tmp_path, 1, "x") + '[[port]]\nname = "gps"\ndevice = "/dev/no-such-port"\n'

    code, out, _ = check(tmp_path, text)

    assert code == 1
    assert "WRONG broker 127.0.0.1:1: no broker at 127.0.0.1:1: Connection refused" in out
    assert "WRONG port gps: /dev/no-such-port: is not there" in out


def test_check_tries_the_ports_that_only_buttons_use(line: ends.Line, tmp_path: Path) -> None:
    button = '[[button]]\nport = "{}"\npin = "cts"\nfob = "{}"\n'
    text = (
        ends.configuration(tmp_path, 1, "x")
        + button.format("/dev/no-such-port", "door")
        + button.format(line.path, "seat")
    )

    code, out, _ = check(tmp_path, text)

    assert code == 1
    assert "WRONG button[1].port of door: /dev/no-such-port: is not there" in out
    assert f"ok    button[2].port of seat: {line.path}" in out


def test_check_tells_a_wrong_password_from_a_broker_that_is_down(broker: RunningBroker, tmp_path: Path) -> None:
    code, out, _ = check(tmp_path, ends.configuration(tmp_path, broker.port, "wrong"))

    assert code == 1
    assert "refuses demo/van-01" in out
    assert "the password is wrong or the device is not registered" in out


def test_check_names_a_port_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("not a port")

    _, out, _ = check(tmp_path, ends.configuration(tmp_path, 1, "x") + f'[[port]]\ndevice = "{tmp_path}/plain"\n')

    assert "is no serial line (a file is read as file:" in out


def test_check_names_a_port_that_another_program_holds(line: ends.Line, tmp_path: Path) -> None:
    with serial.Serial(str(line.path), exclusive=True):
        _, out, _ = check(tmp_path, ends.configuration(tmp_path, 1, "x", line))

    assert "is in use by another program" in out


def test_check_offline_looks_at_the_file_alone(tmp_path: Path) -> None:
    assert check(tmp_path, ends.configuration(tmp_path, 1, "x"), "--offline")[0] == 0


def test_check_names_the_key_that_is_wrong(tmp_path: Path) -> None:
    code, _, err = check(tmp_path, ends.configuration(tmp_path, 1, "x") + 'colour = "red"\n')

    assert code == 1
    assert "broker.colour: there is no such key" in err


def test_check_names_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")

    code, _, err = check(
        tmp_path, ends.configuration(tmp_path, 1, "x") + '[broker.tls]\nca_file = "ca.pem"\n', "--offline"
    )

    assert code == 1
    assert "ca.pem holds no usable certificate" in err


def test_run_without_a_port_is_refused_and_check_hints_at_it(broker: RunningBroker, tmp_path: Path) -> None:
    code, out, _ = check(tmp_path, ends.configuration(tmp_path, broker.port, broker.password(ends.USER)))
    run = ends.gateway("run", "--config", str(tmp_path / "gateway.toml"))

    assert (code, run.returncode) == (0, 1)
    assert "hint  port: there is none; name at least one [[port]]" in out
    assert "gateway.toml: port: there is none; name at least one [[port]]" in run.stderr


def test_status_says_that_no_gateway_runs(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, 1, "x"))

    run = ends.gateway("status", "--config", str(path))

    assert run.returncode == 1
    assert "no gateway runs on" in run.stderr

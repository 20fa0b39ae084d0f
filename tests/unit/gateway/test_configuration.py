import datetime as dt
import re
from pathlib import Path

import pytest

from gateway import configuration, errors

EXAMPLE = Path(__file__).parents[3] / "deploy" / "gateway.toml"
LEAST = """
[gateway]
tenant = "demo"
device = "van-01"
[broker]
host = "127.0.0.1"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_the_least_configuration_has_defaults_for_the_rest(tmp_path: Path) -> None:
    read = configuration.load(write(tmp_path, LEAST))

    assert (read.tenant, read.device, read.broker.host, read.broker.port) == ("demo", "van-01", "127.0.0.1", 1883)
    assert read.ports == ()
    assert read.outbox.bounds.most_fixes == 400_000
    assert read.date_floor == configuration.DATE_FLOOR


def test_the_example_is_right_and_uses_tls(tmp_path: Path) -> None:
    (tmp_path / "broker-password").write_text("s3cret\n")
    (tmp_path / "broker-password").chmod(0o600)

    read = configuration.load(write(tmp_path, EXAMPLE.read_text()))

    assert [port.name for port in read.ports] == ["gps", "fobs"]
    assert read.broker.port == 8883
    assert read.broker.password == "s3cret"
    assert "s3cret" not in repr(read)


def test_every_key_that_the_example_shows_as_a_default_is_one(tmp_path: Path) -> None:
    shown = re.sub(r"(?m)^# (?=\w+ = )", "", EXAMPLE.read_text())
    text = re.sub(r"(?m)^(\w+_file) = .*", "", shown)

    read = configuration.load(write(tmp_path, text))

    assert (read.reporting.interval_s, read.fob_silence_s, read.date_floor) == (0.0, 600.0, dt.date(2024, 1, 1))
    assert (read.broker.port, read.broker.keepalive_s, read.outbox) == (8883, 10, configuration.Outbox())


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("colour = 1", "broker.colour: there is no such key; known here: host, "),
        ("port = '1883'", "broker.port: must be a whole number, not '1883'"),
        ("port = 0", "broker.port: must be from 1 to 65535, not 0"),
        ("port = true", "broker.port: must be a whole number, not True"),
        ("keepalive_s = 60", "broker.keepalive_s: must be from 2 to 15, not 60"),
        ("password = ''", "broker.password: is empty"),
        (
            "password = 'a'\npassword_file = 'b'",
            "broker.password_file: give either password or password_file, not both",
        ),
        ("password_file = 'absent'", "broker.password_file: cannot read "),
        ("tls = 3", "broker.tls: must be a table, not 3"),
        (
            "password_file = '~nobody-at-all/x'",
            "broker.password_file: '~nobody-at-all/x' begins with the home of a user",
        ),
        ('password_file = "a\\u0000b"', "broker.password_file: holds a NUL character"),
        ('[[port]]\ndevice = "file:~nobody-at-all/x"', "port[1].device: '~nobody-at-all/x' begins with the home of"),
        ("[broker.tls]\nca_file = 'absent.pem'", "broker.tls.ca_file: cannot read "),
        ("[broker.tls]\nca = 'x'", "broker.tls.ca: there is no such key"),
        ("[[port]]\nname = 'gps'", "port[1].device: is missing"),
        (
            "[[port]]\ndevice = '/dev/a'\nbaud = 'fast'",
            "port[1].baud: must be a rate such as 9600, or \"auto\", not 'fast'",
        ),
        (
            "[[port]]\ndevice = '/dev/a'\n[[port]]\ndevice = '/dev/a'\nname = 'b'",
            "port.device: '/dev/a' stands there twice",
        ),
        ("[port]\ndevice = '/dev/a'", "port: must be a list"),
        ("[metrics]\nlisten = '9101'", "metrics.listen: must be ADDRESS:PORT like 127.0.0.1:9101, not '9101'"),
        ("[metrics]\nlisten = 'a@b:1'", "metrics.listen: must be ADDRESS:PORT"),
        ("[metrics]\nlisten = '127.0.0.1:99999'", "metrics.listen: must be ADDRESS:PORT"),
        ("[metrics]\ntextfile = 'x.txt'", "metrics.textfile: must end in .prom"),
        ("[outbox]\nmost_fixes = 10", "outbox.most_fixes: must be from 1000 to 100000000, not 10"),
        (
            "[gatewey]\nx = 1",
            "gatewey: there is no such key; known here: broker, button, gateway, metrics, outbox, port",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_key(tmp_path: Path, added: str, message: str) -> None:
    path = write(tmp_path, f"{LEAST}{added}\n")

    with pytest.raises(errors.GatewayError) as caught:
        configuration.load(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gateway", "is not TOML: "),
        ("", "gateway: is missing"),
        (LEAST.replace("demo", "a/b"), "gateway.tenant: 'a/b' cannot be a topic level"),
        (LEAST.replace('device = "van-01"', ""), "gateway.device: is missing"),
        (
            LEAST.replace("[broker]", "date_floor = 3\n[broker]"),
            "gateway.date_floor: must be a date like 2024-01-01, or false",
        ),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(errors.GatewayError, match=r"gateway\.toml") as caught:
        configuration.load(path)

    assert message in str(caught.value)


@pytest.mark.parametrize("host", ["broker..example", f"{'b' * 64}.example", "mqtt://broker", "two words", ".example"])
def test_a_host_that_no_resolver_takes_is_named(tmp_path: Path, host: str) -> None:
    with pytest.raises(errors.GatewayError, match=r"broker\.host: .* is no name of a host") as caught:
        configuration.load(write(tmp_path, LEAST.replace("127.0.0.1", host)))

    assert repr(host) in str(caught.value)


@pytest.mark.parametrize("host", ["broker.example", "broker.example.", "::1", "bücher.example", "10.0.0.1"])
def test_names_and_addresses_are_hosts(tmp_path: Path, host: str) -> None:
    assert configuration.load(write(tmp_path, LEAST.replace("127.0.0.1", host))).broker.host == host


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.GatewayError, match=r"cannot read the configuration .*absent\.toml: No such file"):
        configuration.load(tmp_path / "absent.toml")


def test_a_password_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)

    with pytest.raises(errors.GatewayError, match="chmod o-rwx"):
        configuration.load(write(tmp_path, LEAST + "password_file = 'secret'\n"))


def test_the_named_file_goes_before_the_environments_and_that_before_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"GATEWAY_CONFIG": "from-environment.toml"}

    assert configuration.find("named.toml", environ) == Path("named.toml")
    assert configuration.find(None, environ) == Path("from-environment.toml")
    (tmp_path / ".driveops").mkdir()
    write(tmp_path / ".driveops", LEAST)
    assert configuration.find(None, {}) == Path(".driveops/gateway.toml")


def test_no_configuration_at_all_says_where_one_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    usual, _ = configuration.USUAL_PLACES
    monkeypatch.setattr(configuration, "USUAL_PLACES", (usual, tmp_path / "etc" / "gateway.toml"))

    with pytest.raises(errors.GatewayError, match="give --config FILE or set GATEWAY_CONFIG"):
        configuration.find(None, {})


def test_all_that_is_wrong_is_told_at_once_a_line_each(tmp_path: Path) -> None:
    text = (
        '[gateway]\ntenant = "demo"\ndevice = "van-01"\nlog_format = "xml"\n[broker]\nhost = "h"\ncolour = 1\n'
        '[[port]]\nname = "a"\n[[port]]\ndevice = "/dev/b"\nbauds = 1\n[[port]]\ndevice = "/dev/b"\nname = "c"\n'
        '[metrics]\nlisten = "x"\n[other]\n'
    )
    path = write(tmp_path, text)

    with pytest.raises(errors.GatewayError) as caught:
        configuration.load(path)

    assert [line.removeprefix(f"{path}: ").split(": ")[0] for line in str(caught.value).splitlines()] == [
        "gateway.log_format",
        "port[1].device",
        "metrics.listen",
        "other",
        "broker.colour",
        "port[2].bauds",
        "port.device",
    ]


def test_metrics_have_a_file_and_an_address_of_either_kind(tmp_path: Path) -> None:
    read = configuration.load(write(tmp_path, LEAST + '[metrics]\ntextfile = "gw.prom"\nlisten = "[::1]:9101"\n'))

    assert read.metrics.textfile == tmp_path / "gw.prom"
    assert read.metrics.listen == ("::1", 9101)


GPS = '[[port]]\nname = "gps"\ndevice = "/dev/ttyUSB0"\n'


@pytest.mark.parametrize(
    ("port", "problem"),
    [
        ("gsp", "'gsp' is neither the name of a port (here: gps, play) nor the path of a device"),
        ("/dev/ttyUSB0", "name the port, 'gps': a device is opened once"),
        ("play", "'play' is no serial port: it has no control lines"),
    ],
)
def test_a_button_on_no_serial_port_is_named(tmp_path: Path, port: str, problem: str) -> None:
    text = (
        f'{LEAST}{GPS}[[port]]\nname = "play"\ndevice = "-"\n[[button]]\nport = "{port}"\npin = "cts"\nfob = "door"\n'
    )

    with pytest.raises(errors.GatewayError, match=re.escape(f"gateway.toml: button[1].port: {problem}")):
        configuration.load(write(tmp_path, text))


@pytest.mark.parametrize("port", ["gps", "/dev/ttyUSB1"])
def test_a_button_is_on_a_named_port_or_a_device_of_its_own(tmp_path: Path, port: str) -> None:
    text = f'{LEAST}{GPS}[[button]]\nport = "{port}"\npin = "cts"\nfob = "door"\n'

    assert [button.port for button in configuration.load(write(tmp_path, text)).buttons] == [port]

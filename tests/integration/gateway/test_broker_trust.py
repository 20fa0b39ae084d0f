"""Who trusts whom: `check` and `run` against a real Mosquitto with TLS. Whatever is wrong is one exact line and exit code 1."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.wire import topics
from stack import account, broker_users, engine, ports, scratch
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

TLS = Path(__file__).parents[2] / "data" / "tls"
MakeBroker = Callable[..., int]


@pytest.fixture
def make_broker(server_programs: engine.Engine) -> Iterator[MakeBroker]:
    """Start a Mosquitto that speaks TLS with a certificate, and more lines in its configuration; its port."""
    started: list[subprocess.Popen[bytes]] = []
    owner = account.of_servers()
    with scratch.folder("broker") as reachable:
        folder = owner.folder(reachable / "tls")

        def make(certificate: str, more: str = "") -> int:
            port = ports.free()
            users = broker_users.PasswordFile(path=folder / "passwords", owner=owner)
            users.set({ends.USER: "s3cret-of-van"})
            for name in ("ca.pem", certificate):
                owner.write(folder / name, (TLS / name).read_text())
            owner.write(folder / "acl", f"pattern read {topics.PREFIX}/%u/#\n")
            owner.write(
                folder / "mosquitto.conf",
                f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {users.path}\n"
                f"certfile {folder / certificate}\nkeyfile {folder / certificate}\n{more.format(folder=folder)}",
            )
            started.append(
                subprocess.Popen(
                    [server_programs.mosquitto, "-c", folder / "mosquitto.conf"],
                    stderr=subprocess.DEVNULL,
                    **owner.popen_rights(),
                )
            )
            eventually(lambda: answers(port), "the broker listens")
            return port

        yield make
        for each in started:
            each.kill()
            each.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def checked(folder: Path, port: int, more: str = "", password: str = "s3cret-of-van") -> tuple[int, list[str]]:
    """`check` of a box whose certificate authority is the test's own; its exit code and what it says is wrong."""
    path = folder / "gateway.toml"
    path.write_text(ends.configuration(folder, port, password) + more)
    run = ends.gateway("check", "--config", str(path))
    assert (run.stderr, password in run.stdout) == ("", False)
    return run.returncode, [line for line in run.stdout.splitlines() if line.startswith("WRONG")]


OURS = f'[broker.tls]\nca_file = "{TLS / "ca.pem"}"\n'
BY_PASSWORD = "the password is wrong or the device is not registered"
OTHERS = f'[broker.tls]\nca_file = "{TLS / "other-ca.pem"}"\n'
ASKS_DEVICES = "require_certificate true\ncafile {folder}/ca.pem\n"


def test_a_broker_with_tls_and_the_right_password_is_in_order(make_broker: MakeBroker, tmp_path: Path) -> None:
    assert checked(tmp_path, make_broker("server.pem"), OURS) == (0, [])


def test_a_wrong_password_over_tls(make_broker: MakeBroker, tmp_path: Path) -> None:
    place = f"127.0.0.1:{(port := make_broker('server.pem'))}"

    refusal = f"refuses {ends.USER}: Not authorized; {BY_PASSWORD}"
    assert checked(tmp_path, port, OURS, password="not-this-one") == (
        1,
        [f"WRONG broker {place} (TLS): the broker at {place} {refusal}"],
    )


@pytest.mark.parametrize(
    ("certificate", "tls", "reason"),
    [
        ("expired.pem", OURS, "certificate has expired"),
        ("early.pem", OURS, "certificate is not yet valid; is this box's clock right?"),
        ("server.pem", "[broker.tls]\n", "unable to get local issuer certificate"),
        ("server.pem", OTHERS, "unable to get local issuer certificate"),
        ("elsewhere.pem", OURS, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
    ],
)
def test_a_certificate_that_is_not_trusted(
    make_broker: MakeBroker, tmp_path: Path, certificate: str, tls: str, reason: str
) -> None:
    place = f"127.0.0.1:{(port := make_broker(certificate))}"

    assert checked(tmp_path, port, tls) == (
        1,
        [f"WRONG broker {place} (TLS): the broker at {place} shows a certificate that is not trusted: {reason}"],
    )


def test_tls_with_a_broker_that_speaks_none(broker: RunningBroker, tmp_path: Path) -> None:
    place = f"127.0.0.1:{broker.port}"

    code, wrong = checked(tmp_path, broker.port, OURS)

    assert code == 1
    assert wrong == [
        f"WRONG broker {place} (TLS): the broker at {place} hangs up when TLS begins: is this its port for TLS?"
    ]


def test_no_tls_with_a_broker_that_asks_for_it(make_broker: MakeBroker, tmp_path: Path) -> None:
    place = f"127.0.0.1:{(port := make_broker('server.pem'))}"

    code, wrong = checked(tmp_path, port)

    assert code == 1
    assert len(wrong) == 1
    assert wrong[0].startswith(f"WRONG broker {place}: the broker at {place} closes the connection")


def test_an_unknown_user(make_broker: MakeBroker, tmp_path: Path) -> None:
    place = f"127.0.0.1:{(port := make_broker('server.pem'))}"
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, port, "s3cret-of-van").replace("van-01", "van-99") + OURS)

    run = ends.gateway("check", "--config", str(path))

    assert (run.returncode, run.stderr) == (1, "")
    refusal = f"refuses demo/van-99: Not authorized; {BY_PASSWORD}"
    assert run.stdout.splitlines()[1] == f"WRONG broker {place} (TLS): the broker at {place} {refusal}"


def own(folder: Path, name: str) -> str:
    """The line for a device's certificate, in a file that is its alone."""
    path = folder / name
    shutil.copy(TLS / name, path)
    path.chmod(0o600)
    return f'certificate_file = "{path}"\n'


def test_a_broker_that_asks_for_certificates_of_devices(make_broker: MakeBroker, tmp_path: Path) -> None:
    place = f"127.0.0.1:{(port := make_broker('server.pem', ASKS_DEVICES))}"
    closes = f"WRONG broker {place} (TLS): the broker at {place} closes the connection (Unspecified error)"
    strangers = own(tmp_path, "stranger.pem")

    assert checked(tmp_path, port, OURS + own(tmp_path, "device.pem")) == (0, [])
    assert checked(tmp_path, port, OURS) == (1, [f"{closes}; perhaps it asks for a certificate of the device"])
    assert checked(tmp_path, port, OURS + strangers) == (
        1,
        [f"{closes}; perhaps it does not take the certificate {tmp_path / 'stranger.pem'}"],
    )


def test_a_renewed_authority_is_read_without_a_restart(
    make_broker: MakeBroker, line: ends.Line, tmp_path: Path
) -> None:
    authority = tmp_path / "ca.pem"
    shutil.copy(TLS / "other-ca.pem", authority)
    box = ends.Box(tmp_path, ends.configuration(tmp_path, make_broker("server.pem"), "s3cret-of-van", line))
    (tmp_path / "gateway.toml").write_text(
        (tmp_path / "gateway.toml").read_text() + f'[broker.tls]\nca_file = "{authority}"\n'
    )
    box.start()
    try:
        box.says("shows a certificate that is not trusted")
        authority.write_text("half a file")
        box.says(f"broker.tls.ca_file: {authority} holds no usable certificate")
        shutil.copy(TLS / "ca.pem", authority)
        box.says("connected to the broker")
        assert box.stop() == 0
    finally:
        box.kill()

    assert "Traceback" not in box.log()


def test_what_the_broker_does_not_let_a_device_publish_is_said_once_and_in_the_status(
    make_broker: MakeBroker, line: ends.Line, tmp_path: Path
) -> None:
    port = make_broker("server.pem", "acl_file {folder}/acl\n")
    box = ends.Box(tmp_path, ends.configuration(tmp_path, port, "s3cret-of-van", line, more="report_interval_s = 0"))
    (tmp_path / "gateway.toml").write_text((tmp_path / "gateway.toml").read_text() + OURS)
    refusal = f"the broker refuses what {ends.USER} publishes (Not authorized): check its access list"
    box.start()
    try:
        box.says("connected to the broker")
        box.says("is open at")
        for second in range(5):
            line.second(f"1011{second:02d}.00")
        eventually(lambda: f"broker    {refusal}" in box.status().stdout, "the status tells it")
        assert box.stop() == 0
    finally:
        box.kill()

    assert box.log().count(refusal) == 1

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends, middlebox
from tests.integration.gateway.ends import eventually

TLS = Path(__file__).parents[2] / "data" / "tls"


@contextmanager
def between(
    broker: RunningBroker, certificate: str | None = None, *, asks_devices: bool = False
) -> Iterator[middlebox.Middlebox]:
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=TLS / "ca.pem")
        tls.load_cert_chain(TLS / certificate)
        tls.verify_mode = ssl.CERT_REQUIRED if asks_devices else ssl.CERT_NONE
    box = middlebox.Middlebox(broker.port, tls)
    try:
        yield box
    finally:
        box.close()


@contextmanager
def running(
    network: middlebox.Middlebox, broker: RunningBroker, line: ends.Line, folder: Path, tls: str = ""
) -> Iterator[ends.Box]:
    """A gateway on a line, connected through the middlebox."""
    text = ends.configuration(folder, network.port, broker.password(ends.USER), line)
    box = ends.Box(folder, text.replace("[[port]]", f"{tls}[[port]]"))
    box.start()
    try:
        box.says("connected to the broker")
        box.says("is open at")
        yield box
    finally:
        box.kill()


@pytest.fixture
def check(broker: RunningBroker, tmp_path: Path) -> Callable[..., str]:
    """Run `check` through a middlebox with a certificate; what it says of the broker."""

    def run(port: int, tls: str) -> str:
        path = tmp_path / "gateway.toml"
        path.write_text(ends.configuration(tmp_path, port, broker.password(ends.USER)) + f"[broker.tls]\n{tls}\n")
        done = ends.gateway("check", "--config", str(path))
        assert "Traceback" not in done.stderr
        return done.stdout.splitlines()[1]

    return run


def test_a_link_that_stands_open_and_carries_nothing_is_noticed_and_resumed(
    broker: RunningBroker, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    with between(broker) as network, running(network, broker, line, tmp_path) as box:
        network.freeze()
        line.second("101112.00")
        line.say("PDOP,PRESS,F1,7,83,-61")
        box.says("is lost (Keep alive timeout)")
        arrived = len(server.fixes) + len(server.presses)
        network.thaw()
        eventually(lambda: len(server.presses) == 1 and server.times() != [], "both arrive after all")
        eventually(lambda: "backlog   0 rows" in box.status().stdout, "both are acknowledged")

    assert arrived == 0
    assert "closes the connection" not in box.log()


@pytest.mark.timeout(120)
def test_over_connections_that_are_reset_in_the_middle_of_a_message_every_fix_and_press_arrives(
    broker: RunningBroker, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    with between(broker) as network, running(network, broker, line, tmp_path) as box:
        network.worsen(cut_every=13)
        for second in range(30):
            line.second(f"1011{second:02d}.00")
            if second % 10 == 0:
                line.say(f"PDOP,PRESS,F1,{second},83,-61")
            time.sleep(0.1)
        eventually(lambda: len({press["id"] for press in server.presses}) == 3, "every press arrives", limit_s=45)
        # The last second stands open, as nothing has come after it.
        expected = {f"2026-03-01T10:11:{second:02d}.000Z" for second in range(29)}
        eventually(lambda: expected <= set(server.times()), "every fix arrives", limit_s=45)
        network.worsen(cut_every=0)
        eventually(lambda: "backlog   0 rows" in box.status().stdout, "all is acknowledged", limit_s=45)

    assert len({fix["seq"] for fix in server.fixes}) == len(server.times())
    assert "is lost" in box.log()


def test_a_gateway_publishes_over_tls(
    broker: RunningBroker, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    tls = f'[broker.tls]\nca_file = "{TLS}/ca.pem"\n'
    with between(broker, "server.pem") as network, running(network, broker, line, tmp_path, tls) as box:
        line.second("101112.00")
        eventually(lambda: len(server.fixes) == 1, "the fix arrives")
        assert box.stop() == 0

    assert "everything is acknowledged" in box.log()


def test_a_broker_with_the_pinned_authority_is_trusted(broker: RunningBroker, check: Callable[..., str]) -> None:
    with between(broker, "server.pem") as network:
        assert check(network.port, f'ca_file = "{TLS}/ca.pem"').startswith("ok ")


def test_an_expired_certificate_is_named(broker: RunningBroker, check: Callable[..., str]) -> None:
    with between(broker, "expired.pem") as network:
        said = check(network.port, f'ca_file = "{TLS}/ca.pem"')

    assert "shows a certificate that is not trusted: certificate has expired" in said


def test_a_broker_of_another_authority_is_not_trusted(broker: RunningBroker, check: Callable[..., str]) -> None:
    with between(broker, "server.pem") as network:
        said = check(network.port, "")

    assert "shows a certificate that is not trusted: " in said


def test_a_broker_without_tls_is_named(broker: RunningBroker, check: Callable[..., str]) -> None:
    assert "hangs up when TLS begins: is this its port for TLS?" in check(broker.port, f'ca_file = "{TLS}/ca.pem"')


def test_a_device_shows_its_certificate_where_it_is_asked_for(
    broker: RunningBroker, check: Callable[..., str], tmp_path: Path
) -> None:
    own = tmp_path / "device.pem"
    own.write_bytes((TLS / "device.pem").read_bytes())
    own.chmod(0o600)
    with between(broker, "server.pem", asks_devices=True) as network:
        with_it = check(network.port, f'ca_file = "{TLS}/ca.pem"\ncertificate_file = "{own}"')
        without = check(network.port, f'ca_file = "{TLS}/ca.pem"')

    assert with_it.startswith("ok ")
    assert "perhaps it asks for a certificate of the device" in without


def test_a_certificate_without_its_key_is_named(broker: RunningBroker, tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    tls = f'[broker.tls]\nca_file = "{TLS}/ca.pem"\ncertificate_file = "{TLS}/ca.pem"\n'
    path.write_text(ends.configuration(tmp_path, broker.port, "x") + tls)

    done = ends.gateway("check", "--config", str(path))

    assert done.returncode == 1
    assert "ca.pem and the key in it cannot be used" in done.stderr

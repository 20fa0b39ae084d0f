"""deploy/mosquitto/start.sh with the real Mosquitto: the container's paths stand for folders of the test's own."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.wire import broker_password
from stack import account, broker, broker_config, broker_users, engine, ports, scratch, settings
from tests.integration.stack.mqtt_probe import wait_for

DEPLOY = settings.CHECKOUT / "deploy" / "mosquitto"
TLS = settings.CHECKOUT / "tests" / "data" / "tls"
DEVICE, PASSWORD = "demo/van-01", "s3cret"


@dataclass(frozen=True)
class Container:
    """The broker as its container runs it."""

    root: Path
    owner: account.Account
    plain: int
    secured: int

    def certificate(self, name: str) -> None:
        for half in ("fullchain.pem", "privkey.pem"):
            self.owner.write(self.root / "mosquitto" / "tls" / half, (TLS / name).read_text())

    @property
    def users(self) -> broker_users.PasswordFile:
        """What the service broker-users writes."""
        return broker_users.PasswordFile(path=self.root / "mosquitto" / "data" / "passwords", owner=self.owner)

    def lets_in(self, user: str, password: str) -> bool:
        return broker.answers(self.plain, user=user, password=password)

    def shown(self) -> str:
        """The name in the certificate that it shows."""
        return ssl.get_server_certificate(("127.0.0.1", self.secured), timeout=5)

    def start(self, programs: engine.Engine) -> "subprocess.Popen[bytes]":
        path = os.pathsep.join([*map(str, (programs.mosquitto.parent, self._tools(programs))), os.defpath])
        env = {"PATH": path, "MQTT_INGEST_PASSWORD": "of-ingest", "MQTT_WEB_PASSWORD": "of-web"}
        rights = self.owner.popen_rights()
        return subprocess.Popen(["sh", self.root / "start.sh"], env=env, start_new_session=True, **rights)

    @staticmethod
    def _tools(programs: engine.Engine) -> Path:
        found = shutil.which("mosquitto_passwd")
        beside = programs.mosquitto.parent.parent / "bin"
        return Path(found).parent if found else beside


@pytest.fixture
def container(server_programs: engine.Engine) -> Iterator[Container]:
    owner = account.of_servers()
    with scratch.folder("container") as reachable:
        root = owner.folder(reachable / "root")
        made = Container(root=root, owner=owner, plain=ports.free(), secured=ports.free())
        for folder in ("mosquitto", "mosquitto/config", "mosquitto/data", "mosquitto/tls", "tmp"):
            owner.folder(root / folder)
        config = root / "mosquitto" / "config"
        for name, place in (("start.sh", root), ("mosquitto.conf", config), ("acl", config)):
            text = (DEPLOY / name).read_text()
            for before, after in (
                ("/tmp/", f"{root}/tmp/"),
                ("/mosquitto/", f"{root}/mosquitto/"),
                ("listener 1883", f"listener {made.plain} 127.0.0.1"),
                ("listener 8883", f"listener {made.secured} 127.0.0.1"),
            ):
                text = text.replace(before, after)
            owner.write(place / name, text)
        yield made


@pytest.fixture
def running(container: Container, server_programs: engine.Engine) -> Iterator[Container]:
    container.certificate("server.pem")
    process = container.start(server_programs)
    try:
        wait_for(lambda: container.lets_in(broker_config.INGEST, "of-ingest"))
        yield container
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_devices_get_in_and_are_put_out_while_it_runs(running: Container) -> None:
    assert not running.lets_in(DEVICE, PASSWORD)

    running.users.sync({DEVICE: broker_password.encoded(PASSWORD)})
    wait_for(lambda: running.lets_in(DEVICE, PASSWORD))
    running.users.sync({DEVICE: None})
    wait_for(lambda: not running.lets_in(DEVICE, PASSWORD))

    assert running.lets_in(broker_config.WEB, "of-web")


def test_a_start_keeps_the_devices_and_renews_our_own_passwords(
    container: Container, server_programs: engine.Engine
) -> None:
    container.users.set({DEVICE: PASSWORD, broker_config.INGEST: "of-yesterday"})
    container.owner.own(container.root / "mosquitto" / "data" / "passwords.lock")
    process = container.start(server_programs)
    try:
        wait_for(lambda: container.lets_in(broker_config.INGEST, "of-ingest"))
        assert container.lets_in(DEVICE, PASSWORD)
        assert not container.lets_in(broker_config.INGEST, "of-yesterday")
        assert not broker.answers(container.secured)
    finally:
        process.terminate()
        process.wait(10)


def test_it_shows_a_renewed_certificate_without_a_restart(running: Container) -> None:
    before = running.shown()

    running.certificate("elsewhere.pem")

    wait_for(lambda: running.shown() != before)
    assert (TLS / "elsewhere.pem").read_text().startswith(running.shown().strip())

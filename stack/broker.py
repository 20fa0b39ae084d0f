"""A private Mosquitto: configured, started, checked and stopped."""

import itertools
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from paho.mqtt import client as mqtt
from paho.mqtt import enums

from domain.wire import broker_password
from stack import account, broker_config, broker_users, engine, ports, processes, server

NAME, FOLDER, PASSWORDS = "Mosquitto", "broker", "passwords"
_STOP_LIMIT_S = 20.0
_RELOAD_LIMIT_S, _PROBE_LIMIT_S = 10.0, 2.0


@dataclass(kw_only=True, slots=True)
class Broker:
    """A broker on a folder of its own; a context manager starts and stops it.

    Args:
        folder: holds its configuration, users, queues and log; survives a stop.
        accounts: users that are let in from the start (name → password).
    """

    programs: engine.Engine
    folder: Path
    port: int = 0
    accounts: dict[str, str] = field(default_factory=dict)
    owner: account.Account = field(default_factory=account.of_servers)
    users: broker_users.PasswordFile = field(init=False)
    process: server.Server = field(init=False)
    name: str = NAME
    once: bool = False
    start_limit_s: float = 20.0
    stop_signal: signal.Signals = signal.SIGTERM

    def __post_init__(self) -> None:
        self.users = broker_users.PasswordFile(path=self.data / PASSWORDS, owner=self.owner)
        self.process = server.Server(self.name, self.folder / "broker.log")

    @property
    def data(self) -> Path:
        """The folder that belongs to the broker's account."""
        return self.folder / FOLDER

    @property
    def configuration(self) -> Path:
        """The rendered mosquitto.conf."""
        return self.data / "mosquitto.conf"

    def url(self, user: str, password: str) -> str:
        """Return the address for a user: its name may hold a slash, which is written as %2F."""
        return f"mqtt://{user.replace('/', '%2F')}:{password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Launch the broker and wait until it answers.

        Raises:
            ServerFailedError: it doesn't come up; the message ends with the log's last lines.
        """
        self.launch()
        self.process.wait_until(self.is_ready, limit_s=self.start_limit_s)

    def launch(self) -> None:
        """Write the configuration and start the broker without waiting for it."""
        self.owner.folder(self.data)
        self.owner.check_reaches(self.data)
        self.owner.check_reaches(self.programs.mosquitto.parent)
        self.port = self.port or ports.free()
        place = broker_config.Place(
            port=self.port,
            address="127.0.0.1",
            password_file=self.users.path,
            acl_file=self.data / "acl",
            data=self.data,
        )
        self.owner.write(self.data / "acl", broker_config.render_acl())
        self.owner.write(self.configuration, broker_config.render(place))
        self.users.set(self.accounts)
        command = [str(self.programs.mosquitto), "-c", str(self.configuration)]
        self.process.start(command, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, rights=self.owner.popen_rights())

    def stop(self) -> None:
        """Stop cleanly: queues and sessions are saved."""
        self.process.stop(self.stop_signal, limit_s=_STOP_LIMIT_S)

    def restart(self) -> None:
        """Stop and start on the same port with the same queues."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End the broker as a power cut would: what it hasn't saved is lost."""
        self.process.kill()

    def set_users(self, users: dict[str, str]) -> None:
        """Add users or change passwords (name → password); a running broker lets them in on return."""
        self.users.set(users)
        if self.process.is_running() and users:
            self.process.signal(signal.SIGHUP)
            user, password = next(reversed(users.items()))
            self.process.wait_until(lambda: answers(self.port, user=user, password=password), limit_s=_RELOAD_LIMIT_S)

    def remove_users(self, *names: str) -> None:
        """Take users out; a running broker refuses them on return and cuts their connections."""
        known = {name: broker_password.new() for name in names}
        # A password that nobody knows is refused as an unknown user is, and tells when the file has been read.
        self.set_users(known)
        self.users.remove(*names)
        if self.process.is_running():
            self.process.signal(signal.SIGHUP)

    def owns(self, pid: int) -> bool:
        """Tell whether a process is a broker on our configuration, whoever started it."""
        return ("-c", str(self.configuration)) in itertools.pairwise(processes.command(pid))

    def is_running(self) -> bool:
        """Tell whether the broker's process lives."""
        return self.process.is_running()

    @property
    def exit_code(self) -> int | None:
        """How the last run ended."""
        return self.process.exit_code

    def is_ready(self) -> bool:
        """Tell whether the broker answers a client. Any answer counts, as a refusal is one too."""
        return answers(self.port)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def answers(port: int, *, user: str | None = None, password: str | None = None) -> bool:
    """Connect as an MQTT client would; with a user, only being let in counts."""
    answered: list[bool] = []
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answered.append(not reason.is_failure)
    if user is not None:
        client.username_pw_set(user, password)
    deadline = time.monotonic() + _PROBE_LIMIT_S
    try:
        client.connect("127.0.0.1", port)
        while not answered and time.monotonic() < deadline:
            client.loop(timeout=0.1)
    except OSError:
        return False
    client.disconnect()
    return bool(answered) and (user is None or answered[0])

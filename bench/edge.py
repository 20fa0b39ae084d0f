"""A real gateway on pseudo-terminals, made to be killed and started again, and an observer of what it publishes."""

import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
import tty
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt import enums

from bench import stage
from db import devices, engine
from domain.wire import broker_password, topics
from gateway import sentence
from stack import broker_config, broker_users

DEVICE = "edge-gateway"
_START_LIMIT_S, _STOP_LIMIT_S, _WRITE_LIMIT_S = 30.0, 20.0, 60.0


class Edge:
    """A gateway's process and the far ends of its lines."""

    def __init__(self, folder: Path, password: str, *, lines: int, more: str = "") -> None:
        self.state = folder / "state"
        self.log = folder / "gateway.log"
        self._config = folder / "gateway.toml"
        self._password = password
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self._pairs = [os.openpty() for _ in range(lines)]
        self._framers = [sentence.Framer() for _ in range(lines)]
        for ours, theirs in self._pairs:
            tty.setraw(ours)
            tty.setraw(theirs)
            os.set_blocking(ours, False)

    def start(self, broker_port: int) -> None:
        """Start it; returns when its lines are open.

        Raises:
            RuntimeError: it does not open them.
        """
        ports = "".join(
            f'[[port]]\nname = "line{number}"\ndevice = "{os.ttyname(theirs)}"\n'
            for number, (_, theirs) in enumerate(self._pairs)
        )
        self._config.write_text(
            f'[gateway]\ntenant = "{stage.TENANT}"\ndevice = "{DEVICE}"\nstate_folder = "{self.state}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\npassword = "{self._password}"\n{self._more}\n{ports}'
        )
        self._config.chmod(0o600)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "run", "--config", self._config], stdout=log, stderr=log
            )
        self._starts += 1
        deadline_s = time.monotonic() + _START_LIMIT_S
        while self.log.read_bytes().count(b" is open at ") < self._starts * len(self._pairs):
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"the gateway does not open its lines:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.005)

    @property
    def pid(self) -> int:
        """Its process, which runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it with kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM."""
        self._end(signal.SIGTERM)

    def write(self, number: int, data: bytes) -> None:
        """Say something on a line; waits while it is full.

        Raises:
            RuntimeError: nobody reads it.
        """
        deadline_s = time.monotonic() + _WRITE_LIMIT_S
        while data:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._pairs[number][0], data) :]
                continue
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"the gateway does not read line {number}:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.001)

    def wait_until_read(self) -> None:
        """Wait until nothing stands in any line any more.

        Raises:
            RuntimeError: nobody reads them.
        """
        deadline_s = time.monotonic() + _WRITE_LIMIT_S
        while any(_unread(theirs) for _, theirs in self._pairs):
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"the gateway does not read its lines:\n{self.log.read_text()[-3_000:]}")
            time.sleep(0.001)

    def told(self, number: int) -> list[str]:
        """The sentences that came back on a line since the last look."""
        try:
            data = os.read(self._pairs[number][0], 65_536)
        except BlockingIOError:
            return []
        return [b",".join(parts).decode() for parts in self._framers[number].feed(data)]

    def status(self) -> dict[str, Any]:
        """What the gateway says of itself; nothing while it does not."""
        try:
            found: dict[str, Any] = json.loads((self.state / "status.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def close(self) -> None:
        """End it and its lines."""
        self.kill()
        for pair in self._pairs:
            for end in pair:
                os.close(end)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_STOP_LIMIT_S)
            self._process = None


@contextmanager
def registered(ground: stage.Stage, *, lines: int, more: str = "") -> Iterator[Edge]:
    """A gateway that the server knows; not started yet."""
    with engine.connect(ground.owner_dsn) as connection:
        devices.add(connection, ground.tenant_id, [devices.NewDevice(name=DEVICE, kind="gateway")])
        connection.commit()
    password = broker_password.new()
    ground.broker.set_users({broker_users.device_user(stage.TENANT, DEVICE): password})
    edge = Edge(ground.folder, password, lines=lines, more=more)
    try:
        yield edge
    finally:
        edge.close()


class Observer:
    """Reads at the broker what the gateway publishes, beside ingest."""

    def __init__(self, ground: stage.Stage) -> None:
        self.presses: list[dict[str, Any]] = []
        self.pressed_s: dict[str, float] = {}  # by fob, the running clock
        self.fixes_before_press: dict[uuid.UUID, int] = {}
        self.fixes = 0
        self._client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, protocol=enums.MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(broker_config.INGEST, ground.passwords[broker_config.INGEST])
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", ground.broker.port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topics.lane_filter(lane), 1) for lane in (topics.Lane.FIXES, topics.Lane.PANIC)])

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        now_s = time.monotonic()
        content = json.loads(message.payload)
        if topics.parse(message.topic).lane is topics.Lane.FIXES:
            self.fixes += len(content)
            return
        self.presses.append(content)
        self.pressed_s.setdefault(content["fob"], now_s)
        self.fixes_before_press.setdefault(uuid.UUID(content["id"]), self.fixes)


def _unread(descriptor: int) -> int:
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    return int(struct.unpack("i", answer)[0])

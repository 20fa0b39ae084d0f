"""The two ends of a gateway: a serial line that a test writes, and a server that acknowledges what arrives."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt import enums, packettypes, properties

from domain.wire import control, topics
from gateway import sentence

TENANT, DEVICE = "demo", "van-01"
USER = f"{TENANT}/{DEVICE}"
LIMIT_S = 20.0


def eventually(condition: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait until something is so; fail with what it was if it never is."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, f"not so within {limit_s:.0f} s: {what}"
        time.sleep(0.01)


class Line:
    """A pseudo-terminal: a test writes as the receivers do, and reads what their fobs are told."""

    def __init__(self, link: Path) -> None:
        self.path = link
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        link.symlink_to(os.ttyname(self._theirs))
        os.set_blocking(self._ours, False)
        self._framer = sentence.Framer()
        self._told: list[str] = []

    def write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._ours, data) :]
            except BlockingIOError:
                time.sleep(0.01)

    def say(self, *bodies: str) -> None:
        self.write(b"".join(sentence.encode(body) for body in bodies))

    def second(self, time_of_day: str, lat: str = "4851.5000", date: str = "010326") -> None:
        """One epoch of a receiver in Paris."""
        self.say(
            f"GPGGA,{time_of_day},{lat},N,00217.1000,E,1,09,0.9,35.2,M,47.0,M,,",
            f"GPRMC,{time_of_day},A,{lat},N,00217.1000,E,10.0,90.0,{date},,,A",
        )

    def told(self) -> list[str]:
        """Every sentence that came back so far."""
        try:
            data = os.read(self._ours, 4_096)
        except BlockingIOError:
            data = b""
        self._told += [b",".join(parts).decode() for parts in self._framer.feed(data)]
        return self._told

    def unplug(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._ours)
        os.close(self._theirs)


class Server:
    """What ingest does, as far as a gateway can see it."""

    def __init__(self, port: int, password: str, *, acknowledges: bool = True) -> None:
        self.acknowledges = acknowledges
        self.fixes: list[dict[str, Any]] = []
        self.presses: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []
        self.replies: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.lanes: list[topics.Lane] = []
        self._ready = threading.Event()
        self._client = mqtt.Client(
            enums.CallbackAPIVersion.VERSION2, "test-server", protocol=enums.MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set("ingest", password)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        # As ingest's: what comes while it is away waits for it.
        session = properties.Properties(packettypes.PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3_600
        self._client.connect("127.0.0.1", port, clean_start=False, properties=session)
        self._client.loop_start()
        assert self._ready.wait(LIMIT_S)

    def notify(self, notice: control.AlertNotice) -> None:
        self.send(topics.Lane.ACK, control.encode_notice(notice))

    def command(self, command: control.Command) -> None:
        self.send(topics.Lane.COMMAND, control.encode_command(command))

    def ask(self, command_id: str, name: control.CommandName, **arguments: object) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.command(control.Command(id=command_id, name=name, arguments=arguments))
        eventually(lambda: any(reply["id"] == command_id for reply in self.replies), f"an answer to {command_id}")
        return next(reply for reply in self.replies if reply["id"] == command_id)

    def times(self) -> list[str]:
        """The times of all fixes that came, without repeats, in order of time."""
        return sorted({fix["t"] for fix in self.fixes})

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(
            [
                (topics.lane_filter(lane), 1)
                for lane in (topics.Lane.FIXES, topics.Lane.PANIC, topics.Lane.STATUS, topics.Lane.REPLY)
            ]
        )

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        lane, content = topics.parse(message.topic).lane, json.loads(message.payload)
        self.lanes.append(lane)
        match lane:
            case topics.Lane.FIXES:
                self.batches.append(len(content))
                self.fixes += content
                self._acknowledge(lane, [fix["seq"] for fix in content])
            case topics.Lane.PANIC:
                self.presses.append(content)
                self._acknowledge(lane, [content["seq"]])
            case topics.Lane.STATUS:
                self.statuses.append(content)
            case _:
                self.replies.append(content)

    def _acknowledge(self, lane: topics.Lane, seqs: list[int]) -> None:
        if self.acknowledges:
            ack = control.LaneAck(lane=lane, seq=max(seqs), ranges=control.ranges_of(seqs))
            self.send(topics.Lane.ACK, control.encode_ack(ack))

    def send(self, lane: topics.Lane, payload: bytes) -> None:
        self._client.publish(topics.device_topic(TENANT, DEVICE, lane), payload, qos=1)


class Box:
    """A real `python -m gateway run`, behind a command that says where."""

    def __init__(self, folder: Path, configuration: str, inside: Sequence[str] = ()) -> None:
        self._inside = inside
        self._config = folder / "gateway.toml"
        self._config.write_text(configuration)
        self._log = folder / "gateway.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **environ: str) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._inside, sys.executable, "-m", "gateway", "run", "--config", self._config],
                stdout=log,
                stderr=log,
                env={**os.environ, **environ},
            )

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self._end(signal.SIGTERM)

    def halt(self) -> None:
        """SIGSTOP: it is there and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def says(self, text: str, times: int = 1) -> None:
        eventually(lambda: self.log().count(text) >= times, f"the log says {text!r} {times} times")

    def status(self, *options: str) -> subprocess.CompletedProcess[str]:
        return gateway("status", "--config", str(self._config), *options)

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(LIMIT_S)
        self._process = None
        return code


def gateway(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the gateway to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
        timeout=50,
    )


def configuration(folder: Path, port: int, password: str, *lines: Line, more: str = "") -> str:
    text = (
        f'[gateway]\ntenant = "{TENANT}"\ndevice = "{DEVICE}"\nstate_folder = "{folder / "state"}"\n{more}\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\npassword = "{password}"\nkeepalive_s = 2\n'
    )
    for number, line in enumerate(lines):
        text += f'[[port]]\nname = "line{number}"\ndevice = "{line.path}"\n'
    return text

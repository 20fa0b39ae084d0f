"""Devices that keep what they send until ingest has acknowledged it, fixes and presses, whatever dies meanwhile."""

import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from paho.mqtt import client as mqtt
from paho.mqtt import enums

from domain.wire import control, topics

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_AGAIN_S, _TICK_S = 3.0, 0.05
_PRESS_EVERY = 20  # rounds

_Key = tuple[str, str, int]
"""Device, lane, number."""


@dataclass(slots=True)
class _Kept:
    topic: str
    payload: bytes
    sent_s: float


class KeepingFleet:
    """Sends `fixes` of each device a round from `start` on; a press with a fob of its own every second or so."""

    def __init__(self, *, port: int, user: str, password: str, tenant: str, devices: Sequence[str], fixes: int) -> None:
        self.rounds = 0
        self.presses: list[str] = []  #: their fobs
        self._tenant, self._devices, self._fixes = tenant, devices, fixes
        self._kept: dict[_Key, _Kept] = {}
        self._lock = threading.Lock()
        self._sending = threading.Event()
        self._stopping = threading.Event()
        self._client = mqtt.Client(
            enums.CallbackAPIVersion.VERSION2, client_id="keeping-fleet", protocol=mqtt.MQTTv5, userdata=None
        )
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(
            f"{topics.PREFIX}/{tenant}/+/{topics.Lane.ACK}", 1
        )
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", port)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._sending.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def kept(self) -> int:
        """Messages that are not acknowledged."""
        return len(self._kept)

    def finish(self, limit_s: float) -> None:
        """Make nothing new, until everything is acknowledged or the time is over."""
        self._sending.clear()
        deadline_s = time.monotonic() + limit_s
        while self._kept and time.monotonic() < deadline_s:
            time.sleep(_TICK_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            if self._sending.is_set():
                self._make_round()
            self._send_again(began_s)
            self._stopping.wait(max(0.0, _TICK_S - (time.monotonic() - began_s)))

    def _make_round(self) -> None:
        first = self.rounds * self._fixes
        elements = [
            {
                "t": (_START + dt.timedelta(seconds=seq)).isoformat(timespec="milliseconds")[:-6] + "Z",
                "lat": 60.1 + seq * 1e-6,
                "lon": 24.7,
                "fix": 3,
                "seq": seq,
            }
            for seq in range(first, first + self._fixes)
        ]
        payload = json.dumps(elements).encode()
        for device in self._devices:
            self._keep((device, topics.Lane.FIXES, first + self._fixes - 1), payload)
        if self.rounds % _PRESS_EVERY == 0:
            number = len(self.presses)
            fob = f"CRASH-{number:05d}"
            press: dict[str, Any] = {
                "id": str(uuid.uuid4()),
                "t": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
                "clock": "gps",
                "fob": fob,
                "kind": "press",
                "fix": None,
                "seq": number,
            }
            self.presses.append(fob)
            self._keep(
                (self._devices[number % len(self._devices)], topics.Lane.PANIC, number), json.dumps(press).encode()
            )
        self.rounds += 1

    def _keep(self, key: _Key, payload: bytes) -> None:
        device, lane, _ = key
        topic = topics.device_topic(self._tenant, device, topics.Lane(lane))
        with self._lock:
            self._kept[key] = _Kept(topic, payload, time.monotonic())
        self._client.publish(topic, payload, qos=1)

    def _send_again(self, now_s: float) -> None:
        with self._lock:
            old = [kept for kept in self._kept.values() if now_s - kept.sent_s > _AGAIN_S]
            for kept in old:
                kept.sent_s = now_s
        if self._client.is_connected():
            for kept in old:
                self._client.publish(kept.topic, kept.payload, qos=1)

    def _hear(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        ack = control.decode_ack(bytes(message.payload))
        if not isinstance(ack, control.LaneAck) or ack.ranges is None:
            return
        device = message.topic.split("/")[3]
        with self._lock:
            for key in [key for key in self._kept if key[:2] == (device, ack.lane)]:
                if any(first <= key[2] <= last for first, last in ack.ranges):
                    del self._kept[key]

"""A device as the wire contract wants it: it keeps each fix until it is acknowledged, and sends again what is not."""

import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as mqtt
from paho.mqtt import enums
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.wire import control, fixes, topics

_RESEND_S = 3.0
_IN_FLIGHT = 500


def connect(url: str, client_id: str) -> mqtt.Client:
    """A paho client on its way to the broker; it connects again whenever it must."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set(unquote(parts.username or ""), unquote(parts.password or ""))
    client.max_inflight_messages_set(_IN_FLIGHT)
    client.reconnect_delay_set(min_delay=0.1, max_delay=0.5)  # type: ignore[arg-type]  # seconds, fractions work
    expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    expiry.SessionExpiryInterval = 3_600
    client.connect_async(parts.hostname, parts.port, clean_start=False, properties=expiry)
    return client


class DeviceSender:
    """Sends messages of fixes for one or many devices and waits until all of their numbers are acknowledged."""

    def __init__(self, url: str, *, tenant: str, client_id: str = "sender", resend_after_s: float = _RESEND_S) -> None:
        self._tenant = tenant
        self._resend_after_s = resend_after_s
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, int], tuple[float, str, Sequence[fixes.Numbered]]] = {}
        self._client = connect(url, client_id)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.loop_start()
        self.acks: list[tuple[str, control.LaneAck]] = []

    def send(self, device: str, items: Sequence[fixes.Numbered]) -> None:
        """Send one message; the last number in it stands for it."""
        with self._lock:
            self._waiting[device, items[-1].seq] = (time.monotonic(), device, items)
        self._publish(device, items)

    def wait_until_acknowledged(self, limit_s: float = 60.0) -> None:
        """Send again what isn't acknowledged for long, until everything is."""
        deadline = time.monotonic() + limit_s
        while self._waiting:
            assert time.monotonic() < deadline, f"{len(self._waiting)} messages are not acknowledged"
            self.resend_old()
            time.sleep(0.05)

    def resend_old(self) -> None:
        """Send again what has waited for long."""
        now_s = time.monotonic()
        with self._lock:
            old = [(key, item) for key, item in self._waiting.items() if now_s - item[0] > self._resend_after_s]
            for key, (_, device, items) in old:
                self._waiting[key] = (now_s, device, items)
        for _, (_, device, items) in old:
            self._publish(device, items)

    @property
    def unacknowledged(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, device: str, items: Sequence[fixes.Numbered]) -> None:
        topic = topics.device_topic(self._tenant, device, topics.Lane.FIXES)
        self._client.publish(topic, fixes.encode(items), qos=1)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{topics.PREFIX}/{self._tenant}/+/{topics.Lane.ACK}", qos=1)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        ack = control.decode_ack(bytes(message.payload))
        assert isinstance(ack, control.LaneAck)
        device = message.topic.split("/")[3]
        self.acks.append((device, ack))
        with self._lock:
            for key in [key for key in self._waiting if key[0] == device]:
                if any(first <= key[1] <= last for first, last in ack.ranges or ()):
                    del self._waiting[key]

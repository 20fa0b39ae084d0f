"""A plain MQTT 5 client for tests of the broker: connect, subscribe, publish, see what comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paho.mqtt import client as mqtt
from paho.mqtt import enums, packettypes, properties

from tests.fixtures.broker import RunningBroker

_LIMIT_S = 10.0


@dataclass
class Probe:
    client: mqtt.Client
    received: list[tuple[str, bytes]] = field(default_factory=list)
    verdicts: dict[int, str] = field(default_factory=dict)

    def subscribe(self, topic: str) -> None:
        done: list[int] = []
        self.client.on_subscribe = lambda _client, _data, mid, *_rest: done.append(mid)
        _, mid = self.client.subscribe(topic, qos=1)
        wait_for(lambda: mid in done)

    def publish(self, topic: str, payload: bytes = b"x") -> str:
        """Publish at QoS 1 and return the broker's verdict in words."""
        message = self.client.publish(topic, payload, qos=1)
        wait_for(lambda: message.mid in self.verdicts)
        return self.verdicts[message.mid]


@contextmanager
def connected(broker: RunningBroker, user: str, *, client_id: str = "", session_s: int = 0) -> Iterator[Probe]:
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set(user, broker.password(user))
    probe = Probe(client)
    accepted: list[bool] = []
    client.on_connect = lambda _client, _data, _flags, reason, _props: accepted.append(not reason.is_failure)
    client.on_message = lambda _client, _data, message: probe.received.append((message.topic, bytes(message.payload)))
    client.on_publish = lambda _client, _data, mid, reason, _props: probe.verdicts.update({mid: str(reason)})
    options = properties.Properties(packettypes.PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    options.SessionExpiryInterval = session_s
    client.connect("127.0.0.1", broker.port, clean_start=session_s == 0, properties=options)
    client.loop_start()
    try:
        wait_for(lambda: bool(accepted))
        assert accepted[0], f"{user} was refused"
        yield probe
    finally:
        client.disconnect()
        client.loop_stop()
        # They hold the probe, which holds the client: only outside of a cycle does it close its sockets in time.
        client.on_message = client.on_publish = client.on_connect = client.on_subscribe = None


def wait_for(happened: Callable[[], bool], limit_s: float = _LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.01)

"""Bench `mqtt_client`: what reading costs. The load through the broker to a client that only acknowledges.

Ours reads as ingest does, one session for each shard; gmqtt and paho have one session for all.
"""

import asyncio
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import gmqtt
import uvloop
from paho.mqtt import client as paho
from paho.mqtt import enums

from bench import stage, wire
from domain.wire import topics
from ingest import mqtt_connection, mqtt_packets
from stack import broker_config

_MESSAGES = 150_000
_WINDOW = 5_000
_REST_S = 0.025


def measure() -> list[dict[str, Any]]:
    """Messages a second and microseconds of this client's processor time for each."""
    with stage.running(devices_count=1, fences=0) as ground:
        measured = {name: _measure(ground, name) for name in CLIENTS}
    best = max(rate for name, (rate, _) in measured.items() if name != "own")
    return [
        {
            "name": f"mqtt_client_{name}",
            "value": round(rate),
            "unit": f"messages/s, {cost_us:.1f} us each",
            "ceiling": round(best),
            "ratio": round(rate / best, 2),
            "target": "",
            "met": True,
        }
        for name, (rate, cost_us) in measured.items()
    ]


def _measure(ground: stage.Stage, name: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.clients", name, str(ground.broker.port)]
    command.append(ground.passwords[broker_config.INGEST])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        client.stdout.readline()  # it is subscribed
        with wire.sending(ground, 1, "--messages", str(_MESSAGES)):
            rate, cost_us = map(float, client.stdout.readline().split())
    return rate, cost_us


def own(port: int, password: str) -> tuple[float, float]:
    """Our connection, 64 sessions."""
    return uvloop.run(_own(port, password))


async def _own(port: int, password: str) -> tuple[float, float]:
    address = mqtt_connection.Address(host="127.0.0.1", port=port)
    arrived = asyncio.Event()
    connections = []
    for shard in range(topics.SHARDS):
        login = mqtt_packets.Login(
            client_id=f"own-{shard}", user=broker_config.INGEST, password=password, clean_start=True, session_expiry_s=0
        )
        connection = await mqtt_connection.Connection.open(address, login, lambda _: arrived.set(), rest_s=_REST_S)
        await connection.subscribe([topics.shard_filter(shard)], qos=1)
        connections.append(connection)
    clock, count = _Clock(), 0
    while count < _MESSAGES:
        await arrived.wait()
        arrived.clear()
        clock.start()
        await asyncio.sleep(_REST_S)
        for connection in connections:
            messages = connection.take()
            connection.acknowledge(messages.packet_ids)
            count += len(messages)
    return clock.stop(count)


def gmqtt_client(port: int, password: str) -> tuple[float, float]:
    """gmqtt, acknowledging after the handler."""
    return uvloop.run(_gmqtt(port, password))


async def _gmqtt(port: int, password: str) -> tuple[float, float]:
    clock, done, count = _Clock(), asyncio.Event(), 0

    async def on_message(*_: Any) -> int:
        nonlocal count
        clock.start()
        count += 1
        if count >= _MESSAGES:
            done.set()
        return 0

    client = gmqtt.Client("gmqtt", clean_session=True, optimistic_acknowledgement=False, receive_maximum=_WINDOW)
    client.on_message = on_message
    client.on_subscribe = lambda *_: clock.ready()
    client.set_auth_credentials(broker_config.INGEST, password)
    await client.connect("127.0.0.1", port)
    client.subscribe(topics.lane_filter(topics.Lane.FIXES), qos=1)
    await done.wait()
    return clock.stop(count)


def paho_client(port: int, password: str) -> tuple[float, float]:
    """paho, acknowledging by hand after each message."""
    clock, done, count = _Clock(), threading.Event(), 0

    def on_message(client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        nonlocal count
        clock.start()
        client.ack(message.mid, message.qos)
        count += 1
        if count >= _MESSAGES:
            done.set()

    client = paho.Client(enums.CallbackAPIVersion.VERSION2, "paho", protocol=paho.MQTTv5, manual_ack=True)
    client.username_pw_set(broker_config.INGEST, password)
    client.on_message = on_message
    client.on_connect = _subscribe
    client.on_subscribe = lambda *_: clock.ready()
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait()
    return clock.stop(count)


def _subscribe(client: paho.Client, *_: Any) -> None:
    client.subscribe(topics.lane_filter(topics.Lane.FIXES), qos=1)


class _Clock:
    """From the first message on: time, and processor time of this process."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        if "own" in sys.argv:
            self.ready()

    def ready(self) -> None:
        print("subscribed", flush=True)

    def start(self) -> None:
        if self._began is None:
            self._began = (time.monotonic(), _processor_s())

    def stop(self, count: int) -> tuple[float, float]:
        assert self._began is not None
        began_s, used_s = self._began
        return count / (time.monotonic() - began_s), (_processor_s() - used_s) / count * 1e6


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


CLIENTS: dict[str, Callable[[int, str], tuple[float, float]]] = {
    "own": own,
    "gmqtt": gmqtt_client,
    "paho": paho_client,
}

if __name__ == "__main__":
    print(*CLIENTS[sys.argv[1]](int(sys.argv[2]), sys.argv[3]), flush=True)

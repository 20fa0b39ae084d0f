"""`python -m bench.baseline`: what one would write first, as a process of its own: paho, an INSERT and a commit a message."""

import argparse
import datetime as dt
import json
import os
import queue
import signal
import time
from typing import Any

import psycopg
from paho.mqtt import client as mqtt
from paho.mqtt import enums

from domain.wire import topics

_INSERT = (
    "INSERT INTO fix (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, satellites, fix_mode)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def main() -> None:
    """Write what comes until SIGTERM, then tell how many fixes a second that were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", required=True)
    chosen = parser.parse_args()
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    client = _subscribe(chosen.port, chosen.user, os.environ["BENCH_MQTT_PASSWORD"], messages)
    with psycopg.connect(os.environ["BENCH_DATABASE_URL"]) as connection:
        rows: Any = connection.execute(
            "SELECT t.slug || '/' || d.name, d.id FROM device d JOIN tenant t ON t.id = d.tenant_id"
        )
        ids = dict(rows.fetchall())
        connection.commit()
        print("ready", flush=True)
        first = messages.get()
        began_s, fixes = time.monotonic(), _write(connection, ids, first)
        while not stopped:
            try:
                fixes += _write(connection, ids, messages.get(timeout=0.2))
            except queue.Empty:
                continue
        print(json.dumps({"fixes": fixes, "seconds": time.monotonic() - began_s}), flush=True)
    client.loop_stop()


def _subscribe(port: int, user: str, password: str, messages: "queue.Queue[mqtt.MQTTMessage]") -> mqtt.Client:
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, client_id="bench-baseline", protocol=mqtt.MQTTv5)
    client.username_pw_set(user, password)
    client.on_message = lambda _client, _data, message: messages.put(message)
    client.connect("127.0.0.1", port)
    client.subscribe(topics.lane_filter(topics.Lane.FIXES), qos=1)
    client.loop_start()
    return client


def _write(connection: psycopg.Connection[Any], ids: dict[str, int], message: mqtt.MQTTMessage) -> int:
    levels = message.topic.split("/")
    device_id, now = ids[f"{levels[2]}/{levels[3]}"], dt.datetime.now(dt.UTC)
    found = json.loads(message.payload)
    with connection.cursor() as cursor:
        cursor.executemany(
            _INSERT,
            [
                (
                    *(device_id, fix["t"], fix["lat"], fix["lon"], fix["seq"], now, fix["alt"]),
                    *(fix["spd"], fix["crs"], fix["hdop"], fix["sat"], fix["fix"]),
                )
                for fix in found
            ],
        )
    connection.commit()
    return len(found)


if __name__ == "__main__":
    main()

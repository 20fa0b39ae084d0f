"""`python -m bench.fuzz_wire`: mutated messages by the million on real topics, through a real broker and a real ingest.

It must not end, its memory must stay, every message must be written or kept as a reject, and good ones must still be stored.
"""

import argparse
import json
import random
import socket
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client import parser

from bench import fuzz, load, stage
from domain.wire import broker_password, topics
from ingest import mqtt_packets
from stack import broker_config, broker_users, ports

DEVICES = 100
_WINDOW, _BLOCK, _LOOK_EVERY = 2_000, 200, 2_000
_AHEAD = 20_000
_FEW = {"status": 20, "panic": 1_000}
"""One message of so many; all others are fixes. A press is a transaction of its own, and an alert."""
_PHONE_SHARE = 0.02
"""So many of all are a phone's, at the end: its topics are its own user's alone."""
_FLAT = 0.15
"""So much may the memory grow after the first fifth, of what it was then."""
_QUIET_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it."""

    sent: int
    seconds: float
    rejects: dict[str, int]
    fixes: int
    settled_mib: float  #: memory after the first fifth
    peak_mib: float  #: the most after it
    is_alive: bool
    unheard: int  #: good messages at the end that were not stored

    @property
    def held(self) -> bool:
        """Whether it stood."""
        return (
            self.is_alive
            and not self.unheard
            and self.rejects["unreadable"] > 0
            and self.peak_mib <= self.settled_mib * (1 + _FLAT)
        )

    @property
    def words(self) -> str:
        """In a line."""
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.rejects.items()) if count)
        alive = "ingest runs" if self.is_alive else "ingest has ENDED"
        return (
            f"{self.sent:,} messages in {self.seconds:.0f} s ({self.sent / self.seconds:,.0f}/s), {alive}; {self.fixes:,} "
            f"fixes still readable, rejects: {kinds}; memory {self.settled_mib:.0f} MiB after a fifth, {self.peak_mib:.0f} MiB "
            f"at most after it; {self.unheard} good messages at the end not stored"
        )


def run(count: int, seed: int, mutate: Callable[[bytes, random.Random], bytes]) -> Result:
    """Send `count` mutated messages and watch ingest."""
    address = f"127.0.0.1:{ports.free()}"
    with (
        stage.running(devices_count=DEVICES, fences=100) as ground,
        ground.ingest(metrics_address=address, rejects_per_tenant="5000") as process,
    ):
        memory: list[tuple[int, float]] = []
        began_s = time.monotonic()

        def look(sent: int) -> bool:
            memory.append((sent, _resident_mib(process.pid)))
            while sent - _written(ground) > _AHEAD and process.poll() is None:
                time.sleep(0.05)
            return process.poll() is None

        phone = broker_users.device_user(stage.TENANT, load.device_name(0))
        passwords = {broker_config.FLEET: ground.passwords[broker_config.FLEET], phone: broker_password.new()}
        ground.broker.set_users({phone: passwords[phone]})
        of_phone = round(count * _PHONE_SHARE)
        fleet = (broker_config.FLEET, passwords[broker_config.FLEET])
        sent = _send(ground, fleet, _messages(count - of_phone, seed, mutate), look)
        sent += _send(ground, (phone, passwords[phone]), _of_phone(of_phone, seed, mutate), lambda _: True)
        _wait(lambda: _written(ground) >= sent or process.poll() is not None)
        seconds = time.monotonic() - began_s
        memory.append((sent, _resident_mib(process.pid)))
        unheard = _unheard(ground, fleet)
        later = [mib for at, mib in memory if at >= count / 5]
        return Result(
            sent=sent,
            seconds=seconds,
            rejects=_rejects(address),
            fixes=ground.vitals().get("fixes", 0),
            settled_mib=later[0],
            peak_mib=max(later),
            is_alive=process.poll() is None,
            unheard=unheard,
        )


def _messages(count: int, seed: int, mutate: Callable[[bytes, random.Random], bytes]) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(seed)
    names = [load.device_name(number) for number in range(DEVICES)]
    fixes = [(topics.device_topic(stage.TENANT, name, topics.Lane.FIXES), name) for name in names]
    for number in range(count):
        topic, name = chance.choice(fixes)
        payload = _fix(number)
        for lane, few in _FEW.items():
            if chance.randrange(few) == 0:
                topic, payload = _other(lane, name, number)
                break
        yield topic, mutate(payload, chance)


def _of_phone(count: int, seed: int, mutate: Callable[[bytes, random.Random], bytes]) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(seed)
    for number in range(count):
        record = {"_type": "location", "lat": 60.17, "lon": 24.94, "tst": 1_772_300_000 + number, "acc": 10, "batt": 80}
        payload = mutate(json.dumps(record).encode(), chance)
        # An empty one takes a retained message back and is not counted.
        yield f"owntracks/{stage.TENANT}/{load.device_name(0)}", payload or b"?"


def _fix(number: int) -> bytes:
    minute, second = divmod(number // DEVICES, 60)
    hour, minute = divmod(minute, 60)
    time_of_fix = f"2026-03-{1 + hour // 24:02d}T{hour % 24:02d}:{minute:02d}:{second:02d}.250Z"
    return (
        f'[{{"t":"{time_of_fix}","lat":60.17,"lon":24.94,"alt":12.5,"spd":8.3,"crs":271.5,"fix":3,"seq":{number}}}]'
    ).encode()


def _other(lane: str, name: str, number: int) -> tuple[str, bytes]:
    record: dict[str, Any] = {"t": "2026-03-01T00:00:00Z"}
    if lane == topics.Lane.STATUS:
        record |= {"online": True, "version": "1", "backlog": number, "gps": "3d"}
    else:
        record |= {
            "id": str(uuid.UUID(int=number)),
            "clock": "gps",
            "fob": "F1",
            "kind": "test",
            "fix": None,
            "seq": number,
        }
    return topics.device_topic(stage.TENANT, name, topics.Lane(lane)), json.dumps(record).encode()


def _send(
    ground: stage.Stage, account: tuple[str, str], messages: Iterator[tuple[str, bytes]], look: Callable[[int], bool]
) -> int:
    """Send with QoS 1 and a window, until ingest has ended or there are no more; the number sent."""
    login = mqtt_packets.Login(
        client_id="fuzz",
        user=account[0],
        password=account[1],
        clean_start=True,
        session_expiry_s=0,
    )
    with socket.create_connection(("127.0.0.1", ground.broker.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(mqtt_packets.connect(login))
        if connection.recv(1_024)[3:4] != b"\0":
            raise ConnectionError("the broker refused the login")
        sent = acknowledged = 0
        rest, block = b"", bytearray()
        for topic, payload in messages:
            sent += 1
            block += mqtt_packets.publish(topic, payload, packet_id=sent % 65_535 + 1)
            if sent % _BLOCK == 0:
                connection.sendall(block)
                block.clear()
                while sent - acknowledged > _WINDOW:
                    count, rest = _count_pubacks(rest + connection.recv(65_536))
                    acknowledged += count
            if sent % _LOOK_EVERY == 0 and not look(sent):
                break
        connection.sendall(block)
        while acknowledged < sent:
            count, rest = _count_pubacks(rest + connection.recv(65_536))
            acknowledged += count
    return sent


def _count_pubacks(data: bytes) -> tuple[int, bytes]:
    """PUBACKs in this, each of a length below 128, and the beginning of the next one."""
    at = count = 0
    while at + 2 <= len(data) and at + 2 + data[at + 1] <= len(data):
        count += data[at] == mqtt_packets.Kind.PUBACK
        at += 2 + data[at + 1]
    return count, data[at:]


def _unheard(ground: stage.Stage, fleet: tuple[str, str]) -> int:
    """Send one good fix of each device, after all others; how many were not stored."""
    good = [
        (topics.device_topic(stage.TENANT, load.device_name(number), topics.Lane.FIXES), _fix_of(number))
        for number in range(DEVICES)
    ]
    _send(ground, fleet, iter(good), lambda _: True)
    with psycopg.connect(ground.owner_dsn, autocommit=True) as connection:

        def stored() -> int:
            row: Sequence[int] | None = connection.execute("SELECT count(*) FROM fix WHERE seq = 4242424242").fetchone()
            return row[0] if row else 0

        _wait(lambda: stored() == DEVICES)
        return DEVICES - stored()


def _fix_of(number: int) -> bytes:
    return f'[{{"t":"2026-06-01T00:00:00Z","lat":60.2,"lon":{24 + number / 1_000},"fix":3,"seq":4242424242}}]'.encode()


def _written(ground: stage.Stage) -> int:
    vitals = ground.vitals()
    return sum(int(vitals.get(name, 0)) for name in ("messages", "presses", "statuses", "senders"))


def _rejects(address: str) -> dict[str, int]:
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        text = answer.read().decode()
    return {
        sample.labels["kind"]: int(sample.value)
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "driveops_ingest_rejects_total"
    }


def _resident_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def _wait(reached: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _QUIET_LIMIT_S
    while not reached() and time.monotonic() < deadline_s:
        time.sleep(0.1)


def main() -> None:
    """Run it; exit code 1 where it did not stand."""
    arguments = argparse.ArgumentParser(prog="python -m bench.fuzz_wire", description=__doc__)
    arguments.add_argument("--count", type=int, default=1_000_000, help="messages (1,000,000)")
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    result = run(chosen.count, chosen.seed, fuzz.mutated)
    print(result.words)
    sys.exit(not result.held)


if __name__ == "__main__":
    main()

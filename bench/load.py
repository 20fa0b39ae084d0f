"""A load of fixes at the speed of C: whole PUBLISH packets from a template, only their changing digits written anew.

Every device drives east and back at its own latitude and gives a fix a second of its own clock, so that each fix of the run
is new.
"""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.wire import topics
from ingest import mqtt_packets

_TIME = "2026-01-01T00:00:00.000Z"
_SEQ_DIGITS, _DEGREE_DIGITS = 9, 7
_BLOCK = 500
_CLOCK_S = 1_400
"""After so many seconds a device turns back; at 13 m/s it has crossed half of the area."""
_PUBACK_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where the devices drive: south-west corner and extent in degrees."""

    lat: float
    lon: float
    lat_extent: float
    lon_extent: float


def device_name(number: int) -> str:
    """The name of a device of the load."""
    return f"bench{number:06d}"


class Packets:
    """The packets of all devices, round after round; `fixes` in each message."""

    def __init__(self, *, tenant: str, devices: int, fixes: int, area: Area, day: int = 0) -> None:
        self.fixes = fixes
        self._day_s = day * 86_400
        self._round = 0
        place = np.random.default_rng(7)
        self._lat = area.lat + place.uniform(0, area.lat_extent, devices)
        self._lon = area.lon + place.uniform(0, area.lon_extent / 2, devices)
        self._step = area.lon_extent / 2 / _CLOCK_S
        self._packets, marks = _template(tenant, devices, fixes, self._lat)
        self._id_at, self._time_at, self._lon_at, self._seq_at = marks

    def __len__(self) -> int:
        return len(self._packets)

    def next_round(self) -> npt.NDArray[np.uint8]:
        """One packet of each device, without packet ids; the same array each time."""
        for index in range(self.fixes):
            clock_s = self._round * self.fixes + index
            _write_time(self._packets[:, self._time_at[index] :], self._day_s + clock_s)
            way_s = _CLOCK_S - abs(clock_s % (2 * _CLOCK_S) - _CLOCK_S)
            lon = np.rint((self._lon + way_s * self._step) * 10**_DEGREE_DIGITS).astype(np.int64)
            _write_degrees(self._packets[:, self._lon_at[index] :], lon)
            _write_number(self._packets[:, self._seq_at[index] :], np.int64(clock_s + 100_000_000), _SEQ_DIGITS)
        self._round += 1
        return self._packets

    def stamp(self, packets: npt.NDArray[np.uint8], packet_ids: npt.NDArray[np.int64]) -> bytes:
        """These packets with their packet ids, as they go on the wire."""
        packets[:, self._id_at] = packet_ids >> 8
        packets[:, self._id_at + 1] = packet_ids & 0xFF
        return packets.tobytes()


def publish(
    packets: Packets,
    *,
    port: int,
    user: str | None,
    password: str | None,
    limit: Callable[[int], int],
    window: int = 5_000,
) -> int:
    """Send QoS 1 messages as long as `limit` (messages sent → messages that may be sent) lets it; the number sent.

    `limit` returns −1 to end.
    """
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        login = mqtt_packets.Login(
            client_id=f"bench-load-{time.time_ns():x}",
            user=user,
            password=password,
            clean_start=True,
            session_expiry_s=0,
        )
        connection.sendall(mqtt_packets.connect(login))
        welcome = connection.recv(1_024)
        if welcome[3:4] != b"\0":
            raise ConnectionError(f"the broker refused the load's login: {welcome!r}")
        return _send(packets, connection, limit, window)


def _send(packets: Packets, connection: socket.socket, limit: Callable[[int], int], window: int) -> int:
    sent = acknowledged_bytes = 0
    block_start, block = len(packets), packets.next_round()
    while True:
        allowed = limit(sent)
        if allowed < 0:
            break
        acknowledged = acknowledged_bytes // _PUBACK_BYTES
        count = min(_BLOCK, len(packets), allowed - sent, window - (sent - acknowledged))
        if count < min(_BLOCK, len(packets)) and sent > acknowledged:
            acknowledged_bytes += len(connection.recv(65_536))
            continue
        if count <= 0:
            time.sleep(0.002)
            continue
        if block_start >= len(packets):
            block_start, block = 0, packets.next_round()
        part = block[block_start : block_start + count]
        ids = (sent + np.arange(len(part))) % 65_535 + 1
        connection.sendall(packets.stamp(part, ids))
        sent += len(part)
        block_start += len(part)
    while acknowledged_bytes // _PUBACK_BYTES < sent:
        acknowledged_bytes += len(connection.recv(65_536))
    return sent


def _template(
    tenant: str, devices: int, fixes: int, lat: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.uint8], tuple[int, list[int], list[int], list[int]]]:
    """The packets, and where packet id, times, longitudes and numbers stand in each."""
    packets = [_packet(tenant, device_name(device), fixes, lat[device]) for device in range(devices)]
    first = packets[0]
    topic_length = len(topics.device_topic(tenant, device_name(0), topics.Lane.FIXES))
    id_at = len(first) - len(_payload(fixes, lat[0])) - 3
    assert first[id_at - topic_length : id_at].startswith(b"driveops")

    def places(pattern: bytes, offset: int) -> list[int]:
        found, at = [], first.find(pattern)
        while at >= 0:
            found.append(at + offset)
            at = first.find(pattern, at + 1)
        return found

    marks = (id_at, places(b'"t":"', 5), places(b'"lon":', 6), places(b'"seq":', 6))
    return np.frombuffer(b"".join(packets), np.uint8).reshape(devices, len(first)).copy(), marks


def _packet(tenant: str, device: str, fixes: int, lat: float) -> bytes:
    topic = topics.device_topic(tenant, device, topics.Lane.FIXES)
    return mqtt_packets.publish(topic, _payload(fixes, lat), packet_id=1)


def _payload(fixes: int, lat: float) -> bytes:
    fix = {
        "t": _TIME,
        "lat": float(f"{lat:.6f}1"),
        "lon": 24.0000001,
        "alt": 12.5,
        "spd": 12.34,
        "crs": 90.1,
        "hdop": 0.9,
        "sat": 11,
        "fix": 3,
        "seq": 100_000_000,
    }
    return json.dumps([fix] * fixes, separators=(",", ":")).encode()


def _write_time(target: npt.NDArray[np.uint8], seconds: int) -> None:
    moment = np.datetime64("2026-01-01T00:00:00") + np.timedelta64(int(seconds), "s")
    text = np.datetime_as_string(moment, unit="s").encode()
    target[:, : len(text)] = np.frombuffer(text, np.uint8)


def _write_degrees(target: npt.NDArray[np.uint8], scaled: npt.NDArray[np.int64]) -> None:
    _write_number(target, scaled // 10**_DEGREE_DIGITS, 2)
    _write_number(target[:, 3:], scaled % 10**_DEGREE_DIGITS, _DEGREE_DIGITS)


def _write_number(target: npt.NDArray[np.uint8], value: npt.NDArray[np.int64] | np.int64, digits: int) -> None:
    for place in range(digits - 1, -1, -1):
        target[:, place] = value % 10 + ord("0")
        value = value // 10

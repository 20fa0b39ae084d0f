"""The few MQTT 5 packets that ingest speaks, as bytes.

https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html; chapter 3 has one section for each packet.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

PROTOCOL_VERSION = 5
NEVER_EXPIRES_S = 0xFFFF_FFFF
MOST_PACKET_BYTES = (2 << 20) + (128 << 10)
"""The longest payload that our broker takes (stack/broker_config) with the longest topic: it has nothing longer to send."""
PINGREQ = b"\xc0\x00"
_PUBACK, _PUBACK_LENGTH = 0x40, 2
_SESSION_EXPIRY, _RECEIVE_MAXIMUM, _MAXIMUM_PACKET_SIZE = 0x11, 0x21, 0x27
_CLEAN_START, _HAS_USER, _HAS_PASSWORD = 0x02, 0x80, 0x40
_CONTINUES = 0x80
_PROPERTY_SIZES = {  # fixed sizes of property values, by identifier; 0 stands for a text or binary with its length before it
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), 0),
}
_USER_PROPERTY = 0x26


class Kind(IntEnum):
    """The upper half of a packet's first byte."""

    CONNACK = 0x20
    PUBLISH = 0x30
    PUBACK = 0x40
    SUBACK = 0x90
    UNSUBACK = 0xB0
    PINGRESP = 0xD0
    DISCONNECT = 0xE0


class Reason(IntEnum):
    """Reason codes that ingest acts on; from 0x80 on they are refusals."""

    SUCCESS = 0x00
    REFUSED = 0x80
    BAD_USER_OR_PASSWORD = 0x86
    NOT_AUTHORISED = 0x87
    SESSION_TAKEN_OVER = 0x8E


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a client says of itself when it connects."""

    client_id: str
    user: str | None = None
    password: str | None = None
    keepalive_s: int = 30
    clean_start: bool = False
    session_expiry_s: int = NEVER_EXPIRES_S
    receive_maximum: int = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The broker's answer to a login."""

    reason: int
    session_present: bool
    receive_maximum: int


def connect(login: Login) -> bytes:
    """CONNECT, section 3.1."""
    properties = b"".join(
        (
            struct.pack("!BI", _SESSION_EXPIRY, login.session_expiry_s),
            struct.pack("!BH", _RECEIVE_MAXIMUM, login.receive_maximum),
            struct.pack("!BI", _MAXIMUM_PACKET_SIZE, MOST_PACKET_BYTES),
        )
    )
    flags = _CLEAN_START if login.clean_start else 0
    texts = [login.client_id]
    if login.user is not None:
        flags |= _HAS_USER
        texts.append(login.user)
    if login.password is not None:
        flags |= _HAS_PASSWORD
        texts.append(login.password)
    head = _text("MQTT") + struct.pack("!BBH", PROTOCOL_VERSION, flags, login.keepalive_s)
    return _packet(0x10, head + _length(len(properties)) + properties + b"".join(map(_text, texts)))


def subscribe(packet_id: int, filters: Sequence[str], *, qos: int, retained_if_new: bool = False) -> bytes:
    """SUBSCRIBE, section 3.8; `retained_if_new` asks for retained messages only where the subscription is new."""
    options = bytes([qos | (0x10 if retained_if_new else 0)])
    return _packet(0x82, struct.pack("!HB", packet_id, 0) + b"".join(_text(topic) + options for topic in filters))


def publish(topic: str, payload: bytes, *, packet_id: int | None = None) -> bytes:
    """PUBLISH, section 3.3; QoS 1 where there is a packet id, else QoS 0."""
    identity = b"" if packet_id is None else struct.pack("!H", packet_id)
    return _packet(0x30 if packet_id is None else 0x32, _text(topic) + identity + b"\0" + payload)


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """Many PUBACKs of success in one piece, section 3.4."""
    block = np.empty(len(packet_ids), [("kind", "u1"), ("length", "u1"), ("id", ">u2")])
    block["kind"], block["length"], block["id"] = _PUBACK, _PUBACK_LENGTH, packet_ids
    return block.tobytes()


def disconnect() -> bytes:
    """DISCONNECT with success: the session stays for its time, section 3.14."""
    return b"\xe0\x00"


def read_connack(body: bytes) -> Welcome:
    """CONNACK, section 3.2.

    Raises:
        ValueError: its properties make no sense.
    """
    properties = _properties(body[2:])
    return Welcome(
        session_present=bool(body[0] & 1),
        reason=body[1],
        receive_maximum=int.from_bytes(properties.get(_RECEIVE_MAXIMUM, b"\xff\xff")),
    )


def read_suback(body: bytes) -> tuple[int, bytes]:
    """The packet id and the reason codes of a SUBACK, section 3.9."""
    length, start = read_length(body, 2)
    return int.from_bytes(body[:2]), body[start + length :]


def read_length(data: bytes, start: int) -> tuple[int, int]:
    """A variable byte integer (section 1.5.5) and the index after it.

    Raises:
        IndexError: it isn't whole yet.
        ValueError: over four bytes.
    """
    value = shift = 0
    for index in range(start, start + 4):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if not byte & _CONTINUES:
            return value, index + 1
        shift += 7
    raise ValueError("malformed length of an MQTT packet")


def _properties(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    length, index = read_length(data, 0)
    end = index + length
    while index < end:
        name = data[index]
        index += 1
        if name == _USER_PROPERTY:
            index += 2 + int.from_bytes(data[index : index + 2])
            size = 0
        elif name in _PROPERTY_SIZES:
            size = _PROPERTY_SIZES[name]
        else:
            raise ValueError(f"unknown MQTT property {name:#x}")
        if size == 0:
            size = 2 + int.from_bytes(data[index : index + 2])
        found[name] = data[index : index + size]
        index += size
    return found


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        encoded.append(byte | (_CONTINUES if value else 0))
        if not value:
            return bytes(encoded)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("!H", len(raw)) + raw

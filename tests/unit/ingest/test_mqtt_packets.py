import asyncio
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import mqtt_connection
from ingest import mqtt_packets as packets


class Wire(asyncio.Transport):
    """The other end of a connection: keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


def publish(topic: bytes, payload: bytes, packet_id: int, properties: bytes = b"") -> bytes:
    """A PUBLISH as a broker may send it, with properties."""
    identity = struct.pack("!H", packet_id) if packet_id else b""
    body = struct.pack("!H", len(topic)) + topic + identity + length_of(len(properties)) + properties + payload
    return bytes([0x32 if packet_id else 0x30]) + length_of(len(body)) + body


def length_of(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value % 128 | 128)
        value //= 128
    return bytes([*encoded, value])


messages = st.tuples(
    st.binary(min_size=1, max_size=40),
    st.one_of(st.binary(max_size=200), st.integers(0, 70_000).map(bytes)),
    st.integers(0, 65_535),
    st.sampled_from([b"", b"\x02\0\0\0\x05", b"\x26\0\x01a\0\x01b" * 20]),
)


def connection() -> tuple[mqtt_connection.Connection, Wire, list[int]]:
    weights: list[int] = []
    made = mqtt_connection.Connection(packets.Login(client_id="c"), weights.append, 0.0)
    wire = Wire()
    made.connection_made(wire)
    return made, wire, weights


@given(st.lists(messages, max_size=6), st.data())
def test_messages_are_read_whole_however_the_bytes_are_cut(
    sent: list[tuple[bytes, bytes, int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(publish(*message) for message in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))

    async def read() -> tuple[mqtt_connection.Messages, int]:
        made, _, weights = connection()
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            if start < end:
                made.data_received(stream[start:end])
        return made.take(), sum(weights)

    received, weight = asyncio.run(read())

    columns = zip(received.topics, received.payloads, received.packet_ids, strict=True)
    assert list(columns) == [(topic, payload, packet_id) for topic, payload, packet_id, _ in sent]
    assert weight == len(stream) >= received.weight


@given(st.binary(min_size=1, max_size=60))
def test_bytes_that_are_no_packets_end_the_connection_and_nothing_else(noise: bytes) -> None:
    async def read() -> None:
        made, _, _ = connection()
        made.data_received(noise)

    asyncio.run(read())


def test_many_acknowledgements_go_out_in_one_piece() -> None:
    assert packets.pubacks([1, 513]) == bytes.fromhex("40020001 40020201")


def test_a_login_asks_for_a_session_that_outlives_the_connection() -> None:
    login = packets.Login(
        client_id="ab", user="u", password="pw", session_expiry_s=60, receive_maximum=5, keepalive_s=30
    )

    expected = "10 23 0004 4d515454 05 c0 001e 0d 11 0000003c 21 0005 27 00220000 0002 6162 0001 75 0002 7077"
    assert packets.connect(login) == bytes.fromhex(expected)


def test_the_brokers_window_is_read_among_other_properties() -> None:
    body = bytes([1, 0, 8]) + b"\x22\x00\x0a" + b"\x24\x01" + b"\x21\x00\x14"

    welcome = packets.read_connack(body)

    assert (welcome.session_present, welcome.reason, welcome.receive_maximum) == (True, 0, 20)


def test_a_length_of_five_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="malformed length"):
        packets.read_length(b"\xff\xff\xff\xff\x01", 0)

"""One connection to the broker, from login to loss; it is never used again.

So an acknowledgement can go out on no other connection than the one on which its message came in. Reading is made for
many small messages: everything that a read brings is taken apart in one loop, without an object for each message.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, cast

from ingest import mqtt_packets as packets

logger = logging.getLogger(__name__)

_CONNECT_LIMIT_S = 10.0
_GOODBYE_LIMIT_S = 2.0
_DEAF_AFTER_KEEPALIVES = 2.0
_QOS = 0x06
_HIGHEST_ID = 65_535
_MOST_SURE_AT_ONCE = 100
_MUCH_BYTES = 64 * 1024


class BrokerRefusedError(Exception):
    """The broker answered, with a refusal."""

    def __init__(self, what: str, reason: int) -> None:
        super().__init__(f"the broker refused the {what} with reason {reason:#04x}")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the broker is."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Messages:
    """Messages side by side in columns; a packet id of 0 wants no acknowledgement."""

    topics: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    packet_ids: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.topics)

    @property
    def weight(self) -> int:
        """Bytes of topics and payloads."""
        return sum(map(len, self.topics)) + sum(map(len, self.payloads))

    def clear(self) -> None:
        """Let go of all of them."""
        for column in (self.topics, self.payloads, self.packet_ids):
            column.clear()


class Connection(asyncio.Protocol):
    """A logged-in MQTT 5 connection that collects what it receives until `take` is called."""

    def __init__(self, login: packets.Login, on_messages: Callable[[int], None], rest_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[int] = loop.create_future()  #: done with the broker's reason code, 0 without one
        self._login = login
        self._on_messages = on_messages
        self._messages = Messages()
        self._rest = bytearray()  # the beginning of a packet
        self._wanted_bytes = 0  # its whole length, as far as known
        self._welcome: asyncio.Future[packets.Welcome] = loop.create_future()
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._last_id = 0
        self._last_read_s = loop.time()
        self._sure_slots = asyncio.Semaphore(_MOST_SURE_AT_ONCE)
        self._paused = False
        self._resting = False
        self._rest_s = rest_s

    @classmethod
    async def open(
        cls, address: Address, login: packets.Login, on_messages: Callable[[int], None], *, rest_s: float = 0.0
    ) -> Self:
        """Connect and log in; after each read that brought messages, `on_messages` is called with their weight.

        The weight is the length of their packets. After a read that brought little, the next one
        waits for `rest_s`: waking up for each message costs this process and the broker more than the message itself.

        Raises:
            OSError: no connection, or lost again before the answer.
            BrokerRefusedError: refused.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_LIMIT_S):
            _, connection = await loop.create_connection(
                lambda: cls(login, on_messages, rest_s), address.host, address.port, ssl=address.tls
            )
            try:
                await connection._log_in()  # noqa: SLF001 - its own class
            except BaseException:
                connection.abort()
                raise
        return connection

    async def subscribe(self, filters: Sequence[str], *, qos: int, retained_if_new: bool = False) -> None:
        """Subscribe, and wait for the broker's word.

        Raises:
            BrokerRefusedError: it refused one of the filters.
            ConnectionError: lost meanwhile.
        """
        packet_id, answer = self._expect_answer()
        self._transport.write(packets.subscribe(packet_id, filters, qos=qos, retained_if_new=retained_if_new))
        for topic, reason in zip(filters, await answer, strict=True):
            if reason >= packets.Reason.REFUSED:
                raise BrokerRefusedError(f"subscription to {topic}", reason)

    def take(self) -> Messages:
        """Give away what was received since the last call."""
        taken, self._messages = self._messages, Messages()
        return taken

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge messages to the broker; nothing happens where the connection is lost, they will come again."""
        if packet_ids and not self._transport.is_closing():
            self._transport.write(packets.pubacks(packet_ids))

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at most once; False where the connection is lost."""
        if self._transport.is_closing():
            return False
        self._transport.write(packets.publish(topic, payload))
        return True

    async def publish_surely(self, topic: str, payload: bytes) -> None:
        """Send at least once and wait for the broker's acknowledgement.

        Raises:
            BrokerRefusedError: refused.
            ConnectionError: lost meanwhile.
        """
        async with self._sure_slots:
            packet_id, answer = self._expect_answer()
            self._transport.write(packets.publish(topic, payload, packet_id=packet_id))
            reason = (await answer)[:1]
            if reason and reason[0] >= packets.Reason.REFUSED:
                raise BrokerRefusedError("message", reason[0])

    def pause(self) -> None:
        """Read no further: the operating system's buffers fill up, then the broker's queue."""
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            if not self._resting:
                self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._last_read_s = asyncio.get_running_loop().time()
            if not self._resting:
                self._transport.resume_reading()

    @property
    def unsent_bytes(self) -> int:
        """What the broker has not taken from us yet."""
        return self._transport.get_write_buffer_size()

    async def close(self) -> None:
        """Say good-bye, so that the session stays, and wait until the connection is gone."""
        if not self._transport.is_closing():
            self._transport.write(packets.disconnect())
            self._transport.close()
        _, deaf = await asyncio.wait({self.lost}, timeout=_GOODBYE_LIMIT_S)
        if deaf:
            self._transport.abort()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    async def _log_in(self) -> None:
        welcome = await self._welcome
        if welcome.reason >= packets.Reason.REFUSED:
            raise BrokerRefusedError("login", welcome.reason)
        self._sure_slots = asyncio.Semaphore(min(_MOST_SURE_AT_ONCE, welcome.receive_maximum))
        self._keep_alive()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(packets.connect(self._login))

    def data_received(self, data: bytes) -> None:
        """Take apart everything that has come."""
        self._last_read_s = asyncio.get_running_loop().time()
        whole = data
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted_bytes:
                return
            whole = bytes(self._rest)
        try:
            weight = self._read(whole)
        except (ValueError, IndexError):
            logger.exception("the broker sent what is no MQTT packet; connecting anew")
            self._transport.abort()
            return
        if weight:
            self._on_messages(weight)
            if self._rest_s and len(data) < _MUCH_BYTES and not self._paused and not self._transport.is_closing():
                self._resting = True
                self._transport.pause_reading()
                asyncio.get_running_loop().call_later(self._rest_s, self._end_rest)

    def _end_rest(self) -> None:
        self._resting = False
        if not self._paused and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell everyone who waits."""
        reason = ConnectionError(f"connection to the broker lost: {error or 'closed'}")
        waiting: list[asyncio.Future[Any]] = [self._welcome, *self._waiting.values()]
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(reason)
                waiter.exception()  # a waiter may be gone already; that is no news
        self._waiting.clear()
        if not self.lost.done():
            self.lost.set_result(0)

    def _read(self, data: bytes) -> int:
        """Split whole packets off, keep the rest; the weight of the messages."""
        start, size, weight, wanted = 0, len(data), 0, 0
        add_topic, add_payload = self._messages.topics.append, self._messages.payloads.append
        add_id = self._messages.packet_ids.append
        while size - start >= 2:  # noqa: PLR2004 - the shortest packet
            length, body = data[start + 1], start + 2
            if length > 0x7F:  # noqa: PLR2004 - over one byte, section 1.5.5
                if size - start < 5:  # noqa: PLR2004 - it may not be whole
                    break
                second, body = data[start + 2], start + 3
                length = (length & 0x7F) | second << 7
                if second > 0x7F:  # noqa: PLR2004
                    length, body = packets.read_length(data, start + 1)
            end = body + length
            if end > size:
                wanted = end - start
                break
            first = data[start]
            if first & 0xF0 != packets.Kind.PUBLISH:
                self._answer(first & 0xF0, data[body:end])
                start = end
                continue
            topic_end = body + 2 + (data[body] << 8 | data[body + 1])
            add_topic(data[body + 2 : topic_end])
            if first & _QOS:
                add_id(data[topic_end] << 8 | data[topic_end + 1])
                topic_end += 2
            else:
                add_id(0)
            payload = topic_end + 1
            if data[topic_end]:
                properties, payload = packets.read_length(data, topic_end)
                payload += properties
            add_payload(data[payload:end])
            weight += end - start
            start = end
        if wanted > packets.MOST_PACKET_BYTES:
            raise ValueError(f"an MQTT packet of {wanted} bytes")
        self._rest, self._wanted_bytes = bytearray(data[start:]), wanted
        return weight

    def _answer(self, kind: int, body: bytes) -> None:
        match kind:
            case packets.Kind.CONNACK:
                if not self._welcome.done():
                    self._welcome.set_result(packets.read_connack(body))
            case packets.Kind.SUBACK:
                self._hand_over(*packets.read_suback(body))
            case packets.Kind.PUBACK:
                self._hand_over(int.from_bytes(body[:2]), body[2:])
            case packets.Kind.DISCONNECT if not self.lost.done():
                self.lost.set_result(body[0] if body else 0)
            case packets.Kind.PINGRESP:
                pass  # that it came is all it says
            case _:
                raise ValueError(f"unexpected MQTT packet {kind:#04x}")

    def _hand_over(self, packet_id: int, answer: bytes) -> None:
        waiter = self._waiting.pop(packet_id, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _expect_answer(self) -> tuple[int, asyncio.Future[bytes]]:
        if self._transport.is_closing():
            raise ConnectionError("connection to the broker lost")
        self._last_id = self._last_id % _HIGHEST_ID + 1
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = answer
        return self._last_id, answer

    def _keep_alive(self) -> None:
        if self._transport.is_closing():
            return
        loop = asyncio.get_running_loop()
        silent_s = loop.time() - self._last_read_s
        if silent_s > self._login.keepalive_s * _DEAF_AFTER_KEEPALIVES and not self._paused:
            logger.warning("the broker is silent; connecting anew", extra={"silent_s": round(silent_s)})
            self._transport.abort()
            return
        self._transport.write(packets.PINGREQ)
        loop.call_later(self._login.keepalive_s / 2, self._keep_alive)

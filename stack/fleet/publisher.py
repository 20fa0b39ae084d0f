"""The fleet's way to the broker: a few connections that speak for all devices without a gateway.

gmqtt, because paho costs 65 µs of this process for each message at QoS 1 and gmqtt 13 µs: 0.13 of a core at ten thousand a
second. Several connections, because a broker lets only so many messages be under way on each (Mosquitto 20).
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import gmqtt
import gmqtt.storage

from domain.wire import broker_address
from stack import errors

_log = logging.getLogger(__name__)

_KEEPALIVE_S = 30
_CONNECT_LIMIT_S, _RECONNECT_S = 10, 1
#: What the broker allows in flight where it says nothing (MQTT 5, 3.2.2.3.3), less some room for subscriptions.
_DEFAULT_WINDOW, _ROOM = 65_535, 4
#: Of one connection; some seconds of the trackers that share it.
_LONGEST_QUEUE = 5_000
_PRESSES_KEPT = 50


class BrokerUnreachableError(errors.StackError):
    """The broker refuses or does not answer; the message says which."""


class _Flight(gmqtt.storage.PersistentStorage):  # type: ignore[misc]
    """The messages that the broker has not acknowledged yet. gmqtt keeps and resends them; this also counts and tells.

    Args:
        landed: called when one is acknowledged.
        lost: called with the packet ids of those that gmqtt gives up, as the broker has forgotten the session.
    """

    def __init__(self, landed: Callable[[], None], lost: Callable[[Iterable[int]], None]) -> None:
        super().__init__()
        self._landed, self._lost = landed, lost

    @property
    def size(self) -> int:
        """How many there are. No `__len__`: gmqtt takes an empty store for none given."""
        return len(self._messages)

    def remove_message_by_mid(self, mid: int) -> None:
        super().remove_message_by_mid(mid)
        self._landed()

    def clear(self) -> None:
        lost = list(self._messages)
        super().clear()
        self._lost(lost)


class Publisher:
    """Publishes over several connections; one device's messages always go over the same one, in their order."""

    def __init__(self, url: str, client_id: str, *, connections: int = 1) -> None:
        self._connections = [Connection(url, f"{client_id}-{number}") for number in range(connections)]

    @property
    def published(self) -> int:
        """How many messages were sent."""
        return sum(each.published for each in self._connections)

    @property
    def left_out(self) -> int:
        """How many messages of fixes were not sent, as the broker could not keep up."""
        return sum(each.left_out for each in self._connections)

    async def connect(self) -> None:
        """Connect; from then on a lost connection is taken up again by itself.

        Raises:
            BrokerUnreachableError: the broker can't be reached now, or refuses.
        """
        for each in self._connections:
            await each.connect()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send fixes; those that would wait too long are left out, the oldest first."""
        if len(self._connections) == 1:
            self._connections[0].publish(messages)
            return
        sorted_out: list[list[tuple[str, bytes]]] = [[] for _ in self._connections]
        for message in messages:
            sorted_out[self._way(message[0])].append(message)
        for each, part in zip(self._connections, sorted_out, strict=True):
            each.publish(part)

    def press(self, topic: str, payload: bytes) -> None:
        """Send a press, ahead of all fixes."""
        self._connections[self._way(topic)].press(topic, payload)

    async def close(self) -> None:
        """Wait a little for what is under way, then disconnect."""
        await asyncio.gather(*(each.close() for each in self._connections))

    def _way(self, topic: str) -> int:
        return hash(topic) % len(self._connections)


class Connection:
    """Publishes at QoS 1, in step with what the broker takes.

    Fixes that the broker can't keep up with are left out, since later ones say more; a press waits as long as it takes.
    """

    def __init__(self, url: str, client_id: str) -> None:
        self._broker = broker_address.parse(url)
        self._flight = _Flight(self._send_soon, self._forgotten)
        self._window = 0
        self._presses: deque[tuple[str, bytes]] = deque()
        self._fixes: deque[tuple[str, bytes]] = deque()
        #: The newest ones sent; where they may be lost they are sent again, and ingest knows them by their ids.
        self._presses_under_way: deque[tuple[str, bytes]] = deque(maxlen=_PRESSES_KEPT)
        self._is_sending_soon = False
        self.published = 0
        self.left_out = 0
        self._client = gmqtt.Client(client_id, persistent_storage=self._flight)
        self._client.set_config(
            {"reconnect_delay": _RECONNECT_S, "reconnect_retries": gmqtt.constants.UNLIMITED_RECONNECTS}
        )
        self._client.on_connect = self._connected
        if self._broker.user is not None:
            self._client.set_auth_credentials(self._broker.user, self._broker.password)

    async def connect(self) -> None:
        """Connect; from then on a lost connection is taken up again by itself.

        Raises:
            BrokerUnreachableError: the broker can't be reached now, or refuses.
        """
        at = self._broker
        tls = ssl.create_default_context() if at.tls else False
        try:
            async with asyncio.timeout(_CONNECT_LIMIT_S):
                await self._client.connect(at.host, at.port, ssl=tls, keepalive=_KEEPALIVE_S)
        except (OSError, TimeoutError, gmqtt.MQTTConnectError) as error:
            raise BrokerUnreachableError(
                f"the broker at {at.host}:{at.port} cannot be used: {error or 'no answer'}"
            ) from error

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send fixes; those that would wait too long are left out, the oldest first."""
        self._fixes.extend(messages)
        while len(self._fixes) > _LONGEST_QUEUE:
            self._fixes.popleft()
            self.left_out += 1
        self._send()

    def press(self, topic: str, payload: bytes) -> None:
        """Send a press, ahead of all fixes."""
        self._presses.append((topic, payload))
        self._send()

    async def close(self, limit_s: float = 2.0) -> None:
        """Wait a little for what is under way, then disconnect."""
        try:
            async with asyncio.timeout(limit_s):
                while self._flight.size and self._client.is_connected:
                    await self._flight.wait_empty()
                    # What waited in the queue is sent now.
                    await asyncio.sleep(0)
        except TimeoutError:
            pass
        if self._flight.size:
            _log.warning("the broker did not acknowledge everything", extra={"messages": self._flight.size})
        await self._client.disconnect()

    def _send(self) -> None:
        self._is_sending_soon = False
        for queue in (self._presses, self._fixes):
            while queue and self._flight.size < self._window and self._client.is_connected:
                topic, payload = queue.popleft()
                self._client.publish(topic, payload, qos=1)
                self.published += 1
                if queue is self._presses:
                    self._presses_under_way.append((topic, payload))

    def _send_soon(self) -> None:
        """Send once after all acknowledgements that have just come in, not after each."""
        if not self._is_sending_soon and (self._presses or self._fixes):
            self._is_sending_soon = True
            asyncio.get_running_loop().call_soon(self._send)

    def _forgotten(self, packet_ids: Iterable[int]) -> None:
        """The broker has no session of ours: presses go out again, fixes are left out."""
        ids = self._client._package_handler.id_generator  # noqa: SLF001 - gmqtt 0.8 forgets to free them
        for packet_id in packet_ids:
            ids.free_id(packet_id)
            self.left_out += 1
        self._presses.extendleft(reversed(self._presses_under_way))
        self._presses_under_way.clear()

    def _connected(self, _client: gmqtt.Client, _flags: int, code: int, properties: dict[str, Any]) -> None:
        if code == 0:
            allowed = properties.get("receive_maximum") or [_DEFAULT_WINDOW]
            self._window = allowed[0] - _ROOM
            self._send_soon()

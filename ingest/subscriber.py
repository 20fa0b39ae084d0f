"""A session at the broker, kept connected: the one place that decides when to connect, and what a lost connection means.

The broker keeps a session's subscriptions and messages while nobody is connected (Clean Start 0 and an expiry from the
first connect on), and sends at most `window` messages before it waits for acknowledgements: that is the back-pressure.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest import mqtt_connection, mqtt_packets, settings

logger = logging.getLogger(__name__)

_FIRST_WAIT_S, _GROWTH, _LONGEST_WAIT_S = 0.2, 1.6, 10.0
_SESSION_EXPIRY_S = mqtt_packets.NEVER_EXPIRES_S
"""Never: see stack/broker_config on what Mosquitto does with sessions that expire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a session listens to; none for one that only sends."""

    client_id: str
    filters: Sequence[str] = ()
    window: int = 1_000
    retained_if_new: bool = False
    persistent: bool = True
    rest_s: float = 0.0  #: between two reads that bring little


class Acknowledges(Protocol):
    """Where messages came from, and is told once they are written."""

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """These are written."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """Messages with the connection that they came on and can be acknowledged on."""

    connection: Acknowledges
    messages: mqtt_connection.Messages


class Subscriber:
    """One session; `start` and `stop` it once."""

    def __init__(
        self,
        subscription: Subscription,
        broker: settings.Broker,
        *,
        on_messages: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.subscription = subscription
        self.taken_over = False  #: somebody else has connected to this session; it isn't connected again
        self._broker = broker
        self._on_messages = on_messages
        self._connection: mqtt_connection.Connection | None = None
        self._is_subscribed = False
        self._left_over: list[Taken] = []
        self._task: asyncio.Task[None] | None = None
        self._reading = True

    @property
    def connection(self) -> mqtt_connection.Connection | None:
        """The connection that stands now, its subscription with it."""
        return self._connection if self._is_subscribed else None

    def start(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        self._task = asyncio.create_task(self._stay_connected(), name=f"mqtt {self.subscription.client_id}")

    async def stop(self) -> None:
        """Disconnect; the broker keeps a persistent session, with whatever was not acknowledged."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._connection is not None:
            await self._connection.close()
            self._connection, self._is_subscribed = None, False

    def take(self) -> list[Taken]:
        """What has come since the last call, also on connections that are lost: it may be gone at the broker."""
        taken, self._left_over = self._left_over, []
        if self._connection is not None and (messages := self._connection.take()):
            taken.append(Taken(self._connection, messages))
        return taken

    def pause(self) -> None:
        """Read no further, on this connection and the next ones."""
        self._reading = False
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        """Read on."""
        self._reading = True
        if self._connection is not None:
            self._connection.resume()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send at most once; False where there is no connection."""
        return self.connection is not None and self.connection.publish(topic, payload)

    async def _stay_connected(self) -> None:
        wait_s, told = _FIRST_WAIT_S, False
        while not self.taken_over:
            try:
                await self._connect()
            except (OSError, TimeoutError, mqtt_connection.BrokerRefusedError) as error:
                # Once in a row is enough: the broker may be away for hours.
                logger.log(
                    logging.DEBUG if told else logging.WARNING,
                    "broker: %s; trying again",
                    error or type(error).__name__,
                    extra={"session": self.subscription.client_id},
                )
                told = True
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the load, no secret
                wait_s = min(_LONGEST_WAIT_S, wait_s * _GROWTH)
                continue
            wait_s = _FIRST_WAIT_S
            if told:
                logger.info("broker: connected again", extra={"session": self.subscription.client_id})
                told = False
            await self._until_lost()

    async def _connect(self) -> None:
        wanted = self.subscription
        login = mqtt_packets.Login(
            client_id=wanted.client_id,
            user=self._broker.user,
            password=self._broker.password,
            clean_start=not wanted.persistent,
            session_expiry_s=_SESSION_EXPIRY_S if wanted.persistent else 0,
            receive_maximum=wanted.window,
        )
        connection = await mqtt_connection.Connection.open(
            self._broker.address, login, self._on_messages, rest_s=wanted.rest_s
        )
        # What the session had queued comes before the answer to the subscription, and that only where it is read: while
        # reading pauses, what is here is taken and the answer waits.
        self._connection = connection
        self._on_messages(0)  # some may have come before they could be taken from here
        if not self._reading:
            connection.pause()
        try:
            if wanted.filters:
                await connection.subscribe(wanted.filters, qos=1, retained_if_new=wanted.retained_if_new)
        except BaseException:
            self._leave(connection)
            connection.abort()
            raise
        self._is_subscribed = True

    async def _until_lost(self) -> None:
        connection = self._connection
        assert connection is not None
        reason = await asyncio.shield(connection.lost)
        self._leave(connection)
        self.taken_over = reason == mqtt_packets.Reason.SESSION_TAKEN_OVER
        logger.warning(
            "broker: connection lost",
            extra={"session": self.subscription.client_id, "reason": f"{reason:#04x}", "taken_over": self.taken_over},
        )

    def _leave(self, connection: mqtt_connection.Connection) -> None:
        self._connection, self._is_subscribed = None, False
        if messages := connection.take():
            self._left_over.append(Taken(connection, messages))

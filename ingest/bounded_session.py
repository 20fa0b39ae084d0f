"""A session at the broker that is read no further while much of what it has brought is not committed.

So the lanes beside that of the fixes bound their memory, each for itself: what fills one lane holds up no other.
"""

import asyncio
import time
from collections.abc import Iterator

from ingest import mqtt_connection, settings, subscriber

MOST_BYTES = 16 << 20
"""With more received and not committed nothing is read: a window of a thousand of the longest messages would be 2 GiB."""


class BoundedSession:
    """One lane's session; `start` and `stop` it once."""

    def __init__(
        self, subscription: subscriber.Subscription, broker: settings.Broker, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self.arrived = asyncio.Event()
        self.arrived_s = 0.0  #: when the first of what was taken last came, by the monotonic clock
        self._session = subscriber.Subscriber(subscription, broker, on_messages=self._note_arrival)
        self._most_bytes = most_bytes
        self._arriving = 0  # as the session has told since the last `take`
        self._in_hand = 0
        self._oldest_s = 0.0
        self._is_full = False

    @property
    def weight(self) -> int:
        """Bytes of what was received and is not committed."""
        return self._arriving + self._in_hand

    @property
    def connection(self) -> mqtt_connection.Connection | None:
        """The connection that stands now."""
        return self._session.connection

    @property
    def is_connected(self) -> bool:
        """Whether it stands, its subscription with it."""
        return self.connection is not None

    @property
    def taken_over(self) -> bool:
        """Whether another process has connected to this session."""
        return self._session.taken_over

    def start(self) -> None:
        """Connect, and connect again whenever the connection is lost."""
        self._session.start()

    async def stop(self) -> None:
        """Disconnect; the broker keeps what was not acknowledged."""
        await self._session.stop()

    def take(self) -> Iterator[subscriber.Taken]:
        """What has come since the last call; each counts, and is there, until the next one is asked for."""
        taken = self._session.take()
        weights = [each.messages.weight for each in taken]
        # The session is empty now. What it told of and didn't give went down with a connection: it comes again.
        self._arriving, self._in_hand = 0, sum(weights)
        self.arrived_s = self._oldest_s
        self._weigh()
        for each, weight in zip(taken, weights, strict=True):
            yield each
            each.messages.clear()
            self._in_hand -= weight
            self._weigh()

    def _note_arrival(self, weight: int) -> None:
        if not self._arriving:
            self._oldest_s = time.monotonic()
        self._arriving += weight
        self._weigh()
        self.arrived.set()

    def _weigh(self) -> None:
        if not self._is_full and self.weight > self._most_bytes:
            self._is_full = True
            self._session.pause()
        elif self._is_full and self.weight <= self._most_bytes // 2:
            self._is_full = False
            self._session.resume()

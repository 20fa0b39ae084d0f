"""The sessions of the shards that this process holds: one for each shard, the same whichever process reads it.

Beside them the queue of what comes for these shards on other ways than over the broker. So a shard moves without a gap: the
next holder connects to the same session and gets what was not acknowledged.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

from domain.wire import topics
from ingest import settings, subscriber
from ingest.senders import queue_session


class ShardSessions:
    """Sessions by lease."""

    def __init__(self, choice: settings.Settings, *, on_messages: Callable[[int], None]) -> None:
        self._choice = choice
        self._on_messages = on_messages
        self._sessions: dict[int, subscriber.Subscriber] = {}
        self._reading = True
        self._queue = queue_session.QueueSession(choice.database_url, on_messages=on_messages)

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def are_connected(self) -> bool:
        """Whether every session stands."""
        return all(session.connection is not None for session in self._sessions.values())

    @property
    def queue_depth(self) -> int:
        """How many messages wait in the senders' queue, whoever holds their shards."""
        return self._queue.depth

    def to_close(self, held: Collection[int]) -> frozenset[int]:
        """Sessions of shards that are not held, and of those that another process has had for a while."""
        return frozenset(lease for lease, session in self._sessions.items() if lease not in held or session.taken_over)

    def open(self, held: Collection[int]) -> None:
        """Have a session for each shard that is held."""
        for lease in sorted(held):
            if lease < topics.SHARDS and lease not in self._sessions:
                session = subscriber.Subscriber(
                    subscriber.Subscription(
                        client_id=f"driveops-ingest-{lease:02x}",
                        filters=[topics.shard_filter(lease)],
                        window=self._choice.window,
                        rest_s=self._choice.batch_age_s / 2,
                    ),
                    self._choice.broker,
                    on_messages=self._on_messages,
                )
                if not self._reading:
                    session.pause()  # a shard that moves here meanwhile is read no further than the others
                session.start()
                self._sessions[lease] = session
        self._queue.start()
        self._queue.hold(self._sessions)

    async def close(self, leases: Collection[int]) -> None:
        """Disconnect these; what they had received and was not taken comes again to the next holder."""
        sessions = [self._sessions.pop(lease) for lease in leases if lease in self._sessions]
        self._queue.hold(self._sessions)
        await asyncio.gather(*(session.stop() for session in sessions))

    async def close_all(self) -> None:
        """Disconnect."""
        await self.close(list(self._sessions))
        await self._queue.stop()

    def take(self) -> Iterable[tuple[int, subscriber.Taken]]:
        """What has been received, with its lease."""
        for lease, session in self._sessions.items():
            for taken in session.take():
                yield lease, taken
        yield from self._queue.take()

    def pause(self) -> None:
        """Read no further, nor those that are opened from now on."""
        self._reading = False
        for session in self._sessions.values():
            session.pause()
        self._queue.pause()

    def resume(self) -> None:
        """Read on."""
        self._reading = True
        for session in self._sessions.values():
            session.resume()
        self._queue.resume()

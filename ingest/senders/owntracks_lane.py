"""OwnTracks over MQTT: `owntracks/{tenant}/{device}` and what is below it, read by the one process that holds the lease.

The broker lets the user `{tenant}/{device}` write below `owntracks/{tenant}/{device}` alone, so the topic's first levels are
who it is. The app adds its own device id by default (`owntracks/%u/%d`) and `/event`, `/waypoint` and the like: what a message
is, its `_type` says.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence

from db import device_lookup
from domain.wire import fields, topics
from ingest import bounded_session, errors, health, settings, subscriber
from ingest.senders import intake, owntracks, store

logger = logging.getLogger(__name__)

PREFIX = "owntracks"
FILTER = f"{PREFIX}/#"
_WINDOW = 1_000
_GATHER_S = 0.05
_WAIT_S = 1.0
_LEAST_LEVELS = 3


class OwnTracksLane:
    """Reads phones until it is stopped."""

    def __init__(self, choice: settings.Settings, *, vitals: health.Vitals) -> None:
        # The app retains its newest position: the session has what was missed.
        self.session = bounded_session.BoundedSession(
            subscriber.Subscription(
                client_id="driveops-ingest-owntracks", filters=[FILTER], window=_WINDOW, retained_if_new=True
            ),
            choice.broker,
        )
        self._store = store.Store(choice.database_url, name="driveops owntracks")
        self._vitals = vitals
        self._stopping = False

    async def run(self) -> None:
        """Commit messages until `stop` is called; the broker keeps what is not committed."""
        self.session.start()
        try:
            while not self._stopping:
                await self.session.arrived.wait()
                await asyncio.sleep(_GATHER_S)
                self.session.arrived.clear()
                for taken in self.session.take():
                    messages = taken.messages
                    if await self._commit(read_all(messages.topics, messages.payloads, dt.datetime.now(dt.UTC))):
                        taken.connection.acknowledge([packet for packet in messages.packet_ids if packet])
                        self._vitals.senders += len(messages)
        finally:
            await self.session.stop()
            await self._store.close()

    def stop(self) -> None:
        """End `run`."""
        self._stopping = True
        self.session.arrived.set()

    async def _commit(self, deliveries: Sequence[intake.Delivery]) -> bool:
        """Commit, however long that takes and while the queue is full; False where a stop comes first."""
        told = False
        while not self._stopping:
            try:
                if not await self._store.is_full():
                    await self._store.take(deliveries)
                    return True
                trouble = "too much waits to be written"
            except errors.DatabaseAwayError as error:
                trouble = f"database: {error}"
            logger.log(logging.DEBUG if told else logging.ERROR, "OwnTracks waits at the broker: %s", trouble)
            told = True
            await asyncio.sleep(_WAIT_S)
        return False


def read_all(found: Sequence[bytes], payloads: Sequence[bytes], received_at: dt.datetime) -> list[intake.Delivery]:
    """Read messages; one that no device can have sent, and one that takes a retained message back, is left out."""
    read = (_read(topic, payload, received_at) for topic, payload in zip(found, payloads, strict=True))
    return [delivery for delivery in read if delivery is not None]


def _read(topic: bytes, payload: bytes, received_at: dt.datetime) -> intake.Delivery | None:
    sender = sender_of(topic)
    if sender is None:
        # The access list lets nobody write there, but for the broker's own administrator.
        logger.warning("a message below %s/ names no device", PREFIX)
        return None
    if not payload:
        return None
    report, refusal = None, None
    try:
        report = owntracks.read(payload, received_at=received_at)
    except fields.WireError as error:
        refusal = str(error)
    return intake.Delivery(
        sender=sender,
        topic=topic.decode("utf-8", "replace"),
        payload=payload,
        received_at=received_at,
        report=report,
        refusal=refusal,
    )


def sender_of(topic: bytes) -> device_lookup.Name | None:
    """Tenant and device of a topic.

    >>> sender_of(b"owntracks/acme/phone-1/pixel/event")
    ('acme', 'phone-1')
    """
    try:
        levels = topic.decode().split("/")
        if len(levels) < _LEAST_LEVELS or levels[0] != PREFIX:
            return None
        return topics.require_segment(levels[1]), topics.require_segment(levels[2])
    except (UnicodeDecodeError, topics.TopicError):
        return None

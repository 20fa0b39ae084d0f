"""What goes out: acknowledgements to devices and the live frames, over a connection of its own, at most once."""

import logging
import time
from collections.abc import Sequence

from ingest import acknowledger, fence_notices, live_feed, pipeline, settings, subscriber, worker

logger = logging.getLogger(__name__)

_MOST_UNSENT_BYTES = 8 * 1024 * 1024
"""With more waiting for the broker, live frames are left out: the next one tells where everything is."""


class Downlink:
    """Speaks to devices and screens."""

    def __init__(self, choice: settings.Settings, *, client_id: str) -> None:
        self._session = subscriber.Subscriber(
            subscriber.Subscription(client_id=client_id, persistent=False), choice.broker
        )
        self._acknowledger = acknowledger.Acknowledger(choice.ack_interval_s)
        self._live = live_feed.LiveFeed()

    def start(self) -> None:
        """Connect."""
        self._session.start()

    async def stop(self) -> None:
        """Send the acknowledgements that are left, and disconnect."""
        for topic, payload in self._acknowledger.flush():
            self._session.publish(topic, payload)
        await self._session.stop()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._session.connection is not None

    def take(self, outcome: worker.Outcome, state: pipeline.State) -> None:
        """Note what is committed."""
        names = state.devices.names
        self._acknowledger.add((names[slot], first, last) for slot, first, last in outcome.ack_runs)
        for topic, seqs in outcome.refused_seqs.items():
            name = pipeline.device_name(topic)
            if name is not None:
                self._acknowledger.add((name, seq, seq) for seq in seqs)
        for changed in outcome.live:
            self._live.add(changed)
        self.publish(outcome.events)

    def publish(self, messages: Sequence[fence_notices.Message]) -> None:
        """Tell whom it may concern; with the broker away nobody hears of it."""
        for topic, payload in messages:
            self._session.publish(topic, payload)

    def send_acknowledgements(self) -> None:
        """Tell the devices whose turn it is."""
        if self._session.connection is not None:
            for topic, payload in self._acknowledger.due(time.monotonic()):
                self._session.publish(topic, payload)

    def send_live_frames(self, state: pipeline.State) -> None:
        """Tell the screens what has moved since the last tick."""
        frames = self._live.frames(time.time_ns() // 1_000_000)
        connection = self._session.connection
        for tenant, frame in frames:
            if connection is not None and connection.unsent_bytes < _MOST_UNSENT_BYTES:
                connection.publish(state.devices.live_topic(tenant), frame)

"""Tells the device, and through it the lamp of the fob, what has become of an alert (R55)."""

import asyncio
import logging
import uuid

import aiomqtt

from api import position_feed
from domain import accounts, emergencies
from domain.wire import control, topics

_log = logging.getLogger(__name__)
_MOST_WAITING = 1_000
_RETRY_S = 1.0


class Lamps:
    """Keeps the newest notice of each alert until the broker has taken it; on the event loop."""

    def __init__(self, feed: position_feed.PositionFeed) -> None:
        self._feed = feed
        self._waiting = dict[uuid.UUID, tuple[str, bytes]]()
        self._awake = asyncio.Event()

    def tell(self, identity: accounts.Identity, alert: emergencies.Alert) -> None:
        """Send the state of an alert to the device that it came from, soon."""
        by = alert.resolved_by or alert.acknowledged_by
        notice = control.AlertNotice(alert_id=alert.id, state=alert.state, by=by, fob=alert.fob)
        try:
            topic = topics.device_topic(identity.tenant_slug, alert.device_name, topics.Lane.ACK)
        except topics.TopicError as error:
            _log.warning("the lamp of fob %s can't be told: %s", alert.fob, error)
            return
        self._waiting.pop(alert.id, None)
        self._waiting[alert.id] = (topic, control.encode_notice(notice))
        if len(self._waiting) > _MOST_WAITING:
            dropped = next(iter(self._waiting))
            del self._waiting[dropped]
            _log.error("too many lamps wait for the broker: that of alert %s is not told", dropped)
        self._awake.set()

    def wake(self) -> None:
        """Try again now."""
        self._awake.set()

    async def run(self) -> None:
        """Send until cancelled; what the broker does not take waits until it is back."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            if self._feed.is_connected and not await self._send_all():
                await asyncio.sleep(_RETRY_S)
                self._awake.set()

    async def _send_all(self) -> bool:
        for alert_id, notice in list(self._waiting.items()):
            try:
                await self._feed.publish(*notice)
            except (TimeoutError, aiomqtt.MqttError) as error:
                _log.warning("%d lamps are not told yet: %s", len(self._waiting), error)
                return False
            if self._waiting.get(alert_id) == notice:
                del self._waiting[alert_id]
        return True

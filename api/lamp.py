"""Tells the device, and through it the lamp of the fob, what has become of an alert (R55)."""

import asyncio
import logging
import uuid
from typing import NamedTuple

import aiomqtt

from api import position_feed
from domain import emergencies
from domain.wire import control, topics

_log = logging.getLogger(__name__)
_MOST_WAITING = 1_000
_RETRY_S = 1.0
_MOST_REMEMBERED = 10_000
_RANK = {state: rank for rank, state in enumerate(emergencies.AlertState)}


class Word(NamedTuple):
    """What has become of an alert, and whom it is to be told."""

    tenant_slug: str
    device_name: str
    fob: str
    alert_id: uuid.UUID
    state: emergencies.AlertState
    by: str | None


class Lamps:
    """Keeps the newest notice of each alert until the broker has taken it; on the event loop."""

    def __init__(self, feed: position_feed.PositionFeed) -> None:
        self._feed = feed
        self._waiting = dict[uuid.UUID, tuple[str, bytes]]()
        self._told = dict[uuid.UUID, emergencies.AlertState]()  #: the furthest state of each, the oldest word first
        self._awake = asyncio.Event()

    def tell(self, word: Word) -> None:
        """Send the state of an alert to the device that it came from, soon; never one that it has left behind."""
        furthest = self._told.pop(word.alert_id, word.state)
        self._told[word.alert_id] = max(furthest, word.state, key=_RANK.__getitem__)
        if len(self._told) > _MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        if self._told[word.alert_id] is not word.state:
            return
        notice = control.AlertNotice(alert_id=word.alert_id, state=word.state, by=word.by, fob=word.fob)
        try:
            topic = topics.device_topic(word.tenant_slug, word.device_name, topics.Lane.ACK)
        except topics.TopicError as error:
            _log.warning("the lamp of fob %s can't be told: %s", word.fob, error)
            return
        self._queue(word.alert_id, (topic, control.encode_notice(notice)))

    def _queue(self, alert_id: uuid.UUID, notice: tuple[str, bytes]) -> None:
        self._waiting.pop(alert_id, None)
        self._waiting[alert_id] = notice
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
        self._awake.set()  # what an earlier run left, which may have died at it
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

"""The live frames of ingest, from the broker; and what the web server tells devices, to it."""

import asyncio
import logging
import uuid
from collections.abc import Callable

import aiomqtt

from api import settings
from domain.wire import topics

_log = logging.getLogger(__name__)
_RETRY_S, _ANSWER_S = 1.0, 5.0

FrameCame = Callable[[str, bytes], None]


class PositionFeed:
    """One connection to the broker, made again whenever it is lost; `came` hears tenant (slug) and frame."""

    def __init__(self, broker: settings.Broker, came: FrameCame, changed: Callable[[], None]) -> None:
        self._broker, self._came, self._changed = broker, came, changed
        self._client: aiomqtt.Client | None = None

    @property
    def is_connected(self) -> bool:
        """Whether frames can come."""
        return self._client is not None

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except aiomqtt.MqttError as error:
                _log.warning("the broker is away: %s", error)
            finally:
                self._client = None
                self._changed()
            await asyncio.sleep(_RETRY_S)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Tell a device something.

        Raises:
            aiomqtt.MqttError: the broker is away, or does not answer.
        """
        if self._client is None:
            raise aiomqtt.MqttError("the broker is away")
        await self._client.publish(topic, payload, qos=1, timeout=_ANSWER_S)

    async def _listen(self) -> None:
        client = aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.user,
            password=self._broker.password,
            tls_context=self._broker.tls,
            identifier=f"web-{uuid.uuid4().hex[:12]}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            keepalive=5,
            timeout=_ANSWER_S,
        )
        async with client:
            await client.subscribe(topics.live_filter(), qos=0)
            self._client = client
            self._changed()
            async for message in client.messages:
                self._take(message)

    def _take(self, message: aiomqtt.Message) -> None:
        try:
            tenant = topics.live_tenant(message.topic.value)
        except topics.TopicError as error:
            _log.warning("a frame is left out: %s", error)
            return
        self._came(tenant, bytes(message.payload))

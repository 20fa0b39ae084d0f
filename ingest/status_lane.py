"""The status lane: the newest word of each device about itself, retained by the broker."""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from db import device_lookup, engine, reject_log, status_log
from domain import telemetry
from domain.wire import fields, status, topics
from ingest import bounded_session, health, settings, subscriber

logger = logging.getLogger(__name__)

_WINDOW = 1_000
_GATHER_S = 0.2
_WAIT_S = 1.0

Message = tuple[bytes, bytes]
"""Topic and payload."""
Refusal = tuple[reject_log.Kind, str]
"""What was wrong with one, and why it was not taken."""


class StatusLane:
    """Reads what devices say of themselves until it is stopped."""

    def __init__(self, choice: settings.Settings, *, vitals: health.Vitals) -> None:
        self._database_url = choice.database_url
        # Retained messages come with a new subscription only: the session has what was missed.
        self.session = bounded_session.BoundedSession(
            subscriber.Subscription(
                client_id="driveops-ingest-status",
                filters=[topics.lane_filter(topics.Lane.STATUS)],
                window=_WINDOW,
                retained_if_new=True,
            ),
            choice.broker,
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-statuses")
        self._vitals = vitals
        self._stopping = False

    async def run(self) -> None:
        """Commit statuses until `stop` is called; the broker keeps what is not committed."""
        self.session.start()
        try:
            while not self._stopping:
                await self.session.arrived.wait()
                await asyncio.sleep(_GATHER_S)
                self.session.arrived.clear()
                for taken in self.session.take():
                    messages = taken.messages
                    if await self._commit(list(zip(messages.topics, messages.payloads, strict=True))):
                        taken.connection.acknowledge([packet for packet in messages.packet_ids if packet])
                        self._vitals.statuses += len(messages)
        finally:
            await self.session.stop()
            self._thread.shutdown(wait=False)

    def stop(self) -> None:
        """End `run`."""
        self._stopping = True
        self.session.arrived.set()

    async def _commit(self, messages: Sequence[Message]) -> bool:
        """Commit, however long that takes; False where a stop comes first."""
        told = False
        while not self._stopping:
            try:
                await asyncio.get_running_loop().run_in_executor(
                    self._thread, save, self._database_url, messages, dt.datetime.now(dt.UTC)
                )
            except psycopg.Error as error:
                logger.log(logging.DEBUG if told else logging.ERROR, "statuses wait for the database: %s", error)
                told = True
                await asyncio.sleep(_WAIT_S)
            else:
                return True
        return False


def save(database_url: str, messages: Sequence[Message], received_at: dt.datetime) -> None:
    """Commit statuses one after the other, so that the last one of a device stands. What can't be taken is rejected."""
    with engine.open_connection(
        database_url, application_name="driveops statuses", limits=engine.LANE_LIMITS
    ) as connection:
        names = {topic: name for topic, _ in messages if (name := _parse(topic)) is not None}
        devices = device_lookup.find_devices(connection, {(name.tenant, name.device) for name in names.values()})
        rejects = []
        for topic, payload in messages:
            name = names.get(topic)
            device = devices.get((name.tenant, name.device)) if name else None
            refusal = save_one(connection, device, payload, received_at)
            if refusal is not None:
                rejects.append(_reject(topic, payload, refusal, name, received_at))
        if rejects:
            reject_log.add(connection, rejects)


def save_one(
    connection: psycopg.Connection[Any], device: telemetry.DeviceRef | None, payload: bytes, received_at: dt.datetime
) -> Refusal | None:
    """Why a status could not be taken; None where it was."""
    if not payload:
        return None  # it takes a retained message back and says nothing of the device
    if device is None:
        return reject_log.Kind.STRANGER, "no such device in service"
    try:
        word = status.decode(payload)
        with connection.transaction():
            status_log.save(connection, device, word, received_at)
    except (fields.WireError, UnicodeError) as error:
        return reject_log.Kind.UNREADABLE, str(error)
    except psycopg.DataError as error:
        return reject_log.Kind.REFUSED, str(error)
    return None


def _parse(topic: bytes) -> topics.DeviceTopic | None:
    try:
        return topics.parse(topic.decode())
    except (topics.TopicError, UnicodeDecodeError):
        return None


def _reject(
    topic: bytes, payload: bytes, refusal: Refusal, name: topics.DeviceTopic | None, received_at: dt.datetime
) -> reject_log.Reject:
    kind, reason = refusal
    return reject_log.Reject(
        topic=topic.decode("utf-8", "replace"),
        payload=payload,
        reason=reason,
        received_at=received_at,
        tenant=name.tenant if name else None,
        device=name.device if name else None,
        kind=kind if name else reject_log.Kind.TOPIC,
    )

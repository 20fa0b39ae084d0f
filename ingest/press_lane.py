"""The panic lane: own session, own thread, own connection, own transaction for each press; never behind the fixes.

A press is acknowledged to its gateway the moment it is committed. One that comes again counts once and is acknowledged again.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import sqlalchemy as sa
import uuid_utils.compat

from db import device_lookup, engine, reject_log, unit_of_work
from domain import emergencies, telemetry
from domain.operations import emergencies as emergency_operations
from domain.wire import control, fields, panic, topics
from ingest import bounded_session, health, metrics, mqtt_connection, settings, subscriber

logger = logging.getLogger(__name__)

_WINDOW = 100
_FIRST_WAIT_S, _GROWTH, _LONGEST_WAIT_S = 0.1, 1.6, 2.0

_AWAY = (
    *(sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.ProgrammingError),
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError, psycopg.ProgrammingError),
)
"""The database is away, changes hands or is being migrated: the press waits for it, however long that takes."""
NOT_A_TOPIC = "not a topic of a device"
NO_TENANT = "there is no tenant {}"
_MOST_TRIES = 5
"""After so many failures of another kind a press is kept among the rejects, so that those behind it come through."""


class PressLane:
    """Reads presses and raises alerts until it is stopped."""

    def __init__(
        self, choice: settings.Settings, *, vitals: health.Vitals, figures: metrics.Metrics | None = None
    ) -> None:
        self.session = bounded_session.BoundedSession(
            subscriber.Subscription(
                client_id="driveops-ingest-panic", filters=[topics.lane_filter(topics.Lane.PANIC)], window=_WINDOW
            ),
            choice.broker,
        )
        self._engine = engine.create(
            choice.database_url, pool_size=1, application_name="driveops presses", limits=engine.LANE_LIMITS
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-presses")
        self._vitals = vitals
        self._figures = figures
        self._stopping = False
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Commit presses until `stop` is called; the one in hand is finished, the broker keeps the others."""
        self.session.start()
        try:
            while not self._stopping:
                await self.session.arrived.wait()
                self.session.arrived.clear()
                for taken in self.session.take():
                    await self._take_all(taken)
        finally:
            if self._telling:
                await asyncio.wait(self._telling, timeout=_LONGEST_WAIT_S)
            await self.session.stop()
            self._thread.shutdown(wait=False)
            self._engine.dispose()

    def stop(self) -> None:
        """End `run`."""
        self._stopping = True
        self.session.arrived.set()

    async def _take_all(self, taken: subscriber.Taken) -> None:
        messages = taken.messages
        for topic, payload, packet_id in zip(messages.topics, messages.payloads, messages.packet_ids, strict=True):
            if not await self._take(topic, payload):
                return
            if packet_id:
                taken.connection.acknowledge([packet_id])

    async def _take(self, topic: bytes, payload: bytes) -> bool:
        """Commit one press, however long that takes, and acknowledge it to its device; False where a stop comes first."""
        received_at = dt.datetime.now(dt.UTC)
        wait_s, failures = _FIRST_WAIT_S, 0
        while not self._stopping:
            work = take_press if failures < _MOST_TRIES else _give_up
            started_s = time.monotonic()
            try:
                taken = await asyncio.get_running_loop().run_in_executor(
                    self._thread, work, self._engine, topic, payload, received_at
                )
            except _AWAY as error:
                logger.error("a press waits for the database: %s", _words(error))  # noqa: TRY400 - no trace for people
            except Exception:
                # A supervision loop: whatever is wrong with one press must not end the lane that the others come by.
                failures += 1
                logger.exception("a press could not be taken", extra={"tries": failures})
            else:
                self._count(taken, started_s)
                self._acknowledge(topic, payload)
                return True
            await asyncio.sleep(wait_s)
            wait_s = min(_LONGEST_WAIT_S, wait_s * _GROWTH)
        return False

    def _count(self, taken: telemetry.Press | None, started_s: float) -> None:
        self._vitals.presses += 1
        if self._figures is not None:
            now_s = time.monotonic()
            self._figures.note_press(commit_s=now_s - started_s, wait_s=now_s - self.session.arrived_s)
            if taken is not None and taken.clock is not telemetry.Clock.UNSET:
                self._figures.note_press_age(dt.datetime.now(dt.UTC) - taken.time)

    def _acknowledge(self, topic: bytes, payload: bytes) -> None:
        """Tell the device, without keeping the next press waiting for the broker's answer."""
        seq = panic.seq_of(payload)
        name = _parse(topic)
        connection = self.session.connection
        if seq is None or name is None or connection is None:
            return  # nobody to tell, or no way; the gateway sends again and is told then
        ack = control.encode_ack(control.LaneAck(lane=topics.Lane.PANIC, seq=seq, ranges=((seq, seq),)))
        to = topics.device_topic(name.tenant, name.device, topics.Lane.ACK)
        task = asyncio.create_task(_send(connection, to, ack), name="press ack")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


async def _send(connection: mqtt_connection.Connection, topic: str, payload: bytes) -> None:
    with contextlib.suppress(ConnectionError, mqtt_connection.BrokerRefusedError):
        await connection.publish_surely(topic, payload)


def take_press(source: sa.Engine, topic: bytes, payload: bytes, received_at: dt.datetime) -> telemetry.Press | None:
    """Turn a message of the panic lane into a press and its alert, or into a reject that nobody can overlook."""
    name = _parse(topic)
    if name is None:
        _reject(source, topic, payload, NOT_A_TOPIC, received_at, reject_log.Kind.TOPIC)
        return None
    device = find_device(source, (name.tenant, name.device))
    if device is None:
        _reject(source, topic, payload, NO_TENANT.format(name.tenant), received_at, reject_log.Kind.STRANGER)
        return None
    try:
        press = panic.decode(payload, origin=topic.decode(), received_at=received_at)
    except fields.WireError as error:
        _reject(source, topic, payload, str(error), received_at, reject_log.Kind.UNREADABLE)
        if device.id is None:
            return None
        # A registered device said something that nobody can read, on the lane of emergencies: somebody must look (R44).
        press = panic.unreadable(payload, origin=topic.decode(), received_at=received_at, reason=str(error))
    receive(source, press, device, received_at)
    return press


def receive(source: sa.Engine, press: telemetry.Press, device: telemetry.DeviceRef, received_at: dt.datetime) -> None:
    """Commit a press and its alert, whichever way it came."""
    outcome = emergency_operations.receive_press(
        press=press,
        source=device,
        received_at=received_at,
        now=dt.datetime.now(dt.UTC),
        uow=unit_of_work.UnitOfWork(source),
        new_id=uuid_utils.compat.uuid7,
    )
    _tell(press, device, outcome)


def _give_up(source: sa.Engine, topic: bytes, payload: bytes, received_at: dt.datetime) -> None:
    reason = f"could not be taken in {_MOST_TRIES} tries; the log says why"
    _reject(source, topic, payload, reason, received_at, reject_log.Kind.REFUSED)


def find_device(source: sa.Engine, name: device_lookup.Name) -> telemetry.DeviceRef | None:
    """The device, known or not, of a tenant that is known."""
    tenant, device = name
    with source.connect() as connection:
        driver = _driver(connection)
        found = device_lookup.find_devices(driver, [name])
        tenants = device_lookup.find_tenants(driver, [tenant])
    if tenant not in tenants:
        return None
    return found.get(name, telemetry.DeviceRef(tenant_id=tenants[tenant], name=device))


def _reject(
    source: sa.Engine, topic: bytes, payload: bytes, reason: str, received_at: dt.datetime, kind: reject_log.Kind
) -> None:
    name = _parse(topic)
    text = topic.decode("utf-8", "replace")
    logger.critical("a message of the panic lane was rejected: %s", reason, extra={"topic": text})
    reject = reject_log.Reject(
        topic=text,
        payload=payload,
        reason=reason,
        received_at=received_at,
        tenant=name.tenant if name else None,
        device=name.device if name else None,
        kind=kind,
    )
    with source.begin() as connection:
        reject_log.add(_driver(connection), [reject])


def _tell(press: telemetry.Press, device: telemetry.DeviceRef, outcome: emergency_operations.PressOutcome) -> None:
    alert = outcome.alert.id if outcome.alert else None
    extra = {"press": str(press.id), "alert": str(alert), "device": device.name, "kind": str(press.kind)}
    level = logging.CRITICAL if emergencies.AlertChange.RAISED in outcome.changes else logging.WARNING
    if outcome.duplicate:
        logger.info("a press came again", extra=extra)
    else:
        logger.log(level, "press: %s", ", ".join(outcome.changes) or "kept, no alert", extra=extra)


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _parse(topic: bytes) -> topics.DeviceTopic | None:
    try:
        return topics.parse(topic.decode())
    except (topics.TopicError, UnicodeDecodeError):
        return None


def _words(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip()

"""Rejects put through again: each by the rules of the lane that it came on, as they are now.

Nothing here touches what a running ingest remembers of a device. Fixes are handed to the holder of the device's shard, through
the queue that phones' fixes take; it writes them like any late data. Presses, statuses and what phones say of themselves belong
to no shard: they are known again by what they are, whoever writes them. What is no better than before stays with its reason.
"""

import dataclasses
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

from db import device_lookup, engine, reject_log, reject_store, sender_queue, unit_of_work
from domain import errors as domain_errors
from domain import telemetry
from domain.wire import fields, fixes, panic, topics
from ingest import errors, press_lane, status_lane
from ingest.senders import intake, kept

_AT_ONCE = 200
_MOST_QUEUED = 5_000
"""With so many messages in the senders' queue a replay waits: phones come by the same way."""
_LOOK_S, _PATIENCE_S = 0.2, 60.0

Refusal = status_lane.Refusal
_NO_TOPIC: Refusal = (reject_log.Kind.TOPIC, press_lane.NOT_A_TOPIC)


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What came of a replay."""

    taken: int = 0
    stayed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  #: of those that stayed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Rejects that are replayed in one transaction, and what they need."""

    connection: psycopg.Connection[Any]
    presses: sa.Engine
    rejects: Sequence[reject_store.Kept]
    devices: Mapping[device_lookup.Name, telemetry.DeviceRef]
    queued: list[sender_queue.NewMessage]
    dry_run: bool


def replay(
    database_url: str,
    choice: reject_store.Choice,
    *,
    now: Callable[[], dt.datetime],
    limit: int | None = None,
    dry_run: bool = False,
) -> Replayed:
    """Replay the chosen rejects, the oldest first; with `dry_run` nothing is changed.

    Raises:
        DatabaseAwayError: it can't be reached; what was replayed before is marked.
        IngestError: what was handed over is not taken; the message says more.
    """
    done, after = Replayed(), 0
    presses = engine.create(
        database_url, pool_size=1, application_name="driveops replay of presses", limits=engine.LANE_LIMITS
    )
    try:
        with engine.open_connection(
            database_url, application_name="driveops replay", limits=engine.LANE_LIMITS, autocommit=True
        ) as connection:
            while limit is None or done.taken + done.stayed < limit:
                most = _AT_ONCE if limit is None else min(_AT_ONCE, limit - done.taken - done.stayed)
                if not dry_run:
                    _wait_for_room(connection)
                with connection.transaction():
                    rejects = reject_store.to_replay(connection, choice, after=after, most=most)
                    if not rejects:
                        break
                    verdicts = _replay(connection, presses, rejects, now(), dry_run=dry_run)
                    if dry_run:
                        raise psycopg.Rollback
                _count(done, verdicts)
                after = rejects[-1].id
    except (psycopg.OperationalError, sa.exc.OperationalError) as error:
        raise errors.DatabaseAwayError(str(error).strip()) from error
    finally:
        presses.dispose()
    return done


def _wait_for_room(connection: psycopg.Connection[Any]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while sender_queue.is_full(connection, _MOST_QUEUED):
        if time.monotonic() > deadline_s:
            raise errors.IngestError("fixes wait and no ingest takes them: is one running? Those handed over are kept.")
        time.sleep(_LOOK_S)


def _replay(
    connection: psycopg.Connection[Any],
    presses: sa.Engine,
    rejects: Sequence[reject_store.Kept],
    now: dt.datetime,
    *,
    dry_run: bool,
) -> list[reject_store.Verdict]:
    names = {name for reject in rejects if (name := _name(reject.topic)) is not None}
    piece = _Piece(
        connection=connection,
        presses=presses,
        rejects=rejects,
        devices=device_lookup.find_devices(connection, names),
        queued=[],
        dry_run=dry_run,
    )
    verdicts = list(_judge(piece))
    if piece.queued:
        sender_queue.add(connection, piece.queued)
    reject_store.settle(connection, verdicts, now)
    return verdicts


def _judge(piece: _Piece) -> Iterator[reject_store.Verdict]:
    for reject in piece.rejects:
        kind, reason = _try(piece, reject) or (None, None)
        yield reject_store.Verdict(id=reject.id, kind=kind, reason=reason)


def _try(piece: _Piece, reject: reject_store.Kept) -> Refusal | None:
    try:
        name = topics.parse(reject.topic)
    except topics.TopicError as error:
        phone = kept.delivery(reject.topic, reject.payload, reject.received_at)
        return (reject_log.Kind.TOPIC, str(error)) if phone is None else _phone(piece, reject, phone)
    match name.lane:
        case topics.Lane.FIXES:
            return _fixes(piece, reject, name)
        case topics.Lane.PANIC:
            return _press(piece, reject, name)
        case topics.Lane.STATUS:
            device = piece.devices.get((name.tenant, name.device))
            return status_lane.save_one(piece.connection, device, reject.payload, reject.received_at)
        case _:
            return _NO_TOPIC


def _fixes(piece: _Piece, reject: reject_store.Kept, name: topics.DeviceTopic) -> Refusal | None:
    """Hand the fixes over, but for elements that are still wrong: those keep the reject where it is."""
    device = piece.devices.get((name.tenant, name.device))
    if device is None:
        return reject_log.Kind.STRANGER, intake.NOT_IN_SERVICE.format(name.tenant, name.device)
    try:
        decoded = fixes.decode(reject.payload)
    except fields.WireError as error:
        return reject_log.Kind.UNREADABLE, str(error)
    reason = "; ".join(f"element {element.index}: {element.reason}" for element in decoded.bad)
    if decoded.fixes and not _is_the_same(reason, reject):
        bad = {element.index for element in decoded.bad}
        elements = fields.load(reject.payload)
        good = [element for index, element in enumerate(elements) if index not in bad]
        piece.queued.append(
            sender_queue.NewMessage(
                tenant_id=device.tenant_id,
                shard=topics.shard_of(name.tenant, name.device),
                topic=topics.device_topic(name.tenant, name.device, topics.Lane.FIXES),
                payload=fields.dump(good) if bad else reject.payload,
                received_at=reject.received_at,
            )
        )
    return (reject_log.Kind.UNREADABLE, reason) if reason else None


def _press(piece: _Piece, reject: reject_store.Kept, name: topics.DeviceTopic) -> Refusal | None:
    """Raise the alert that is still owed. One that was raised for it while nobody could read it is not raised again."""
    device = press_lane.find_device(piece.presses, (name.tenant, name.device))
    if device is None:
        return reject_log.Kind.STRANGER, press_lane.NO_TENANT.format(name.tenant)
    try:
        press = panic.decode(reject.payload, origin=reject.topic, received_at=reject.received_at)
    except fields.WireError as error:
        return reject_log.Kind.UNREADABLE, str(error)
    told = panic.unreadable(reject.payload, origin=reject.topic, received_at=reject.received_at, reason="")
    with unit_of_work.UnitOfWork(piece.presses) as uow:
        is_told = uow.presses.holds(told, source=device)
    if not is_told and not piece.dry_run:
        try:
            press_lane.receive(piece.presses, press, device, reject.received_at)
        except (sa.exc.DataError, sa.exc.IntegrityError, domain_errors.DomainError) as error:
            return reject_log.Kind.REFUSED, str(error)
    return None


def _phone(piece: _Piece, reject: reject_store.Kept, delivery: intake.Delivery) -> Refusal | None:
    if delivery.sender not in piece.devices:
        return reject_log.Kind.STRANGER, intake.NOT_IN_SERVICE.format(*delivery.sender)
    if delivery.report is None:
        return reject_log.Kind.UNREADABLE, delivery.refusal or "not readable"
    reason = "; ".join(delivery.report.bad)
    if not _is_the_same(reason, reject):
        whole = dataclasses.replace(delivery, report=dataclasses.replace(delivery.report, bad=()))
        try:
            with piece.connection.transaction():
                _take_phone(piece.connection, whole)
        except errors.BatchRefusedError as error:
            return reject_log.Kind.REFUSED, str(error)
    return (reject_log.Kind.UNREADABLE, reason) if reason else None


def _take_phone(connection: psycopg.Connection[Any], delivery: intake.Delivery) -> None:
    if intake.take(connection, [delivery]) != [intake.Fate.TAKEN]:
        # The reject that it has become goes with the transaction: it is one already.
        raise errors.BatchRefusedError("the database refuses it")


def _is_the_same(reason: str, reject: reject_store.Kept) -> bool:
    """Whether a part is as bad as it was, and nothing else was wrong: the rest of it was taken at the time."""
    return bool(reason) and reject_log.short(reason) == reject.reason


def _name(topic: str) -> device_lookup.Name | None:
    try:
        name = topics.parse(topic)
    except topics.TopicError:
        return kept.sender(topic)
    return name.tenant, name.device


def _count(done: Replayed, verdicts: Sequence[reject_store.Verdict]) -> None:
    for verdict in verdicts:
        if verdict.reason is None:
            done.taken += 1
        else:
            done.stayed += 1
            done.reasons[verdict.reason] += 1

"""From what phones say to rows: fixes into the queue of their shard, claims, signs of life, rejects; one transaction for many.

Fixes go the way of all fixes from there, by whoever holds the shard, so that one device is always in one process and in order.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from db import device_lookup, reject_log, sender_log, sender_queue
from domain import telemetry
from domain.wire import fixes, topics
from ingest import iso_times
from ingest.senders import reports

logger = logging.getLogger(__name__)

NOT_IN_SERVICE = "tenant {} has no device {} in service"


class Fate(StrEnum):
    """What became of a message; all of them are in the database."""

    TAKEN = "taken"
    REFUSED = "refused"  # among the rejects
    QUARANTINED = "quarantined"  # among the rejects until somebody registers the device


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message of a sender whose name is proven, read or refused."""

    sender: device_lookup.Name
    topic: str  #: where it came, or what stands for that
    payload: bytes  #: as it may be kept, without secrets
    received_at: dt.datetime
    report: reports.Report | None = None
    refusal: str | None = None


def take(connection: psycopg.Connection[Any], deliveries: Sequence[Delivery]) -> list[Fate]:
    """Commit messages, and what came of each. One that the database refuses does not take the others with it.

    Raises:
        psycopg.Error: the database is away; nothing is committed that the caller can count on.
    """
    try:
        with connection.transaction():
            return _save(connection, deliveries)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(deliveries) > 1:
            return [fate for delivery in deliveries for fate in take(connection, [delivery])]
        logger.warning("the database refuses a message of a phone: %s", type(error).__name__)
        with connection.transaction():
            reject_log.add(connection, [_reject(deliveries[0], str(error), reject_log.Kind.REFUSED)])
        return [Fate.REFUSED]


def _save(connection: psycopg.Connection[Any], deliveries: Sequence[Delivery]) -> list[Fate]:
    devices = device_lookup.find_devices(connection, {delivery.sender for delivery in deliveries})
    fates: list[Fate] = []
    rejects: list[reject_log.Reject] = []
    known: list[tuple[Delivery, reports.Report, telemetry.DeviceRef]] = []
    for delivery in deliveries:
        device = devices.get(delivery.sender)
        reasons = _reasons(delivery, device)
        if reasons:
            kind = reject_log.Kind.STRANGER if device is None else reject_log.Kind.UNREADABLE
            rejects.append(_reject(delivery, "; ".join(reasons), kind))
        if device is not None and delivery.report is not None:
            known.append((delivery, delivery.report, device))
            fates.append(Fate.TAKEN)
        else:
            fates.append(Fate.QUARANTINED if device is None else Fate.REFUSED)
    _write(connection, known)
    if rejects:
        reject_log.add(connection, rejects)
    return fates


def _reasons(delivery: Delivery, device: telemetry.DeviceRef | None) -> list[str]:
    reasons = [] if device is not None else [NOT_IN_SERVICE.format(*delivery.sender)]
    if delivery.refusal is not None:
        reasons.append(delivery.refusal)
    return reasons + list(delivery.report.bad if delivery.report is not None else ())


def _write(
    connection: psycopg.Connection[Any], known: Sequence[tuple[Delivery, reports.Report, telemetry.DeviceRef]]
) -> None:
    messages = [message for part in known for message in _messages(*part)]
    if messages:
        sender_queue.add(connection, messages)
    events = [_event(claim, delivery, device) for delivery, report, device in known for claim in report.claims]
    if events:
        sender_log.add_events(connection, events)
    contacts = [_contact(report.contact, delivery, device) for delivery, report, device in known if report.contact]
    if contacts:
        sender_log.note_contacts(connection, contacts)


def _messages(
    delivery: Delivery, report: reports.Report, device: telemetry.DeviceRef
) -> Iterator[sender_queue.NewMessage]:
    tenant, name = delivery.sender
    for start in range(0, len(report.fixes), fixes.MOST_FIXES):
        # Phones number nothing: the time is the number, so that the same fix is the same whenever it comes again.
        numbered = [
            fixes.Numbered(seq=iso_times.unix_us(fix.time), fix=fix)
            for fix in report.fixes[start : start + fixes.MOST_FIXES]
        ]
        yield sender_queue.NewMessage(
            tenant_id=device.tenant_id,
            shard=topics.shard_of(tenant, name),
            topic=topics.device_topic(tenant, name, topics.Lane.FIXES),
            payload=fixes.encode(numbered),
            received_at=delivery.received_at,
        )


def _event(claim: reports.Claim, delivery: Delivery, device: telemetry.DeviceRef) -> sender_log.Event:
    return sender_log.Event(
        device=device,
        time=claim.time,
        received_at=delivery.received_at,
        kind=claim.kind,
        place=claim.place,
        position=claim.position,
        radius_m=claim.radius_m,
        accuracy_m=claim.accuracy_m,
    )


def _contact(contact: reports.Contact, delivery: Delivery, device: telemetry.DeviceRef) -> sender_log.Contact:
    return sender_log.Contact(
        device=device,
        time=contact.time,
        received_at=delivery.received_at,
        online=contact.online,
        gps=contact.gps,
        version=contact.software,
        battery_pct=contact.battery_pct,
    )


def _reject(delivery: Delivery, reason: str, kind: reject_log.Kind) -> reject_log.Reject:
    tenant, device = delivery.sender
    return reject_log.Reject(
        topic=delivery.topic,
        payload=delivery.payload,
        reason=reason,
        received_at=delivery.received_at,
        tenant=tenant,
        device=device,
        kind=kind,
    )

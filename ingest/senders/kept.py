"""Rejects of phones, read again: for those that are replayed once their device is registered or our reading is mended."""

import datetime as dt

from db import device_lookup
from domain.wire import fields, topics
from ingest.senders import intake, osmand, owntracks, owntracks_lane, reports, traccar

HTTP_PREFIX = "http"
_LEVELS = 4


def delivery(topic: str, payload: bytes, received_at: dt.datetime) -> intake.Delivery | None:
    """A reject as the delivery that it was, for `intake.take`; None where its topic is no phone's.

    Its presses are not among what is taken: they were when it came.
    """
    named = sender(topic)
    if named is None:
        return None
    report, refusal = None, None
    try:
        report = _read(topic, payload, "/".join(named), received_at)
    except fields.WireError as error:
        refusal = str(error)
    return intake.Delivery(
        sender=named, topic=topic, payload=payload, received_at=received_at, report=report, refusal=refusal
    )


def sender(topic: str) -> device_lookup.Name | None:
    """The phone that a topic, or what stands for one, names."""
    return owntracks_lane.sender_of(topic.encode()) or _http_sender(topic)


def http_topic(protocol: str, name: device_lookup.Name) -> str:
    """What stands for a topic where a message came over HTTP."""
    return "/".join((HTTP_PREFIX, protocol, *name))


def _http_sender(topic: str) -> device_lookup.Name | None:
    levels = topic.split("/")
    if len(levels) != _LEVELS or levels[0] != HTTP_PREFIX:
        return None
    try:
        return topics.require_segment(levels[2]), topics.require_segment(levels[3])
    except topics.TopicError:
        return None


def _read(topic: str, payload: bytes, device: str, received_at: dt.datetime) -> reports.Report:
    match topic.split("/")[:2]:
        case ["http", "osmand"]:
            return osmand.read(osmand.parse(payload), device=device, received_at=received_at)
        case ["http", "traccar"]:
            body = fields.require_object(fields.load(payload), "body")
            return traccar.read(body, device=device, received_at=received_at)
        case _:
            return owntracks.read(payload, received_at=received_at)

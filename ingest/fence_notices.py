"""Who is told of fence events: what a fresh fix has settled goes out, what comes late is only kept."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence

from db import fence_store
from domain import fence_messages
from domain.wire import topics

Message = tuple[str, bytes]
"""Topic and payload."""
Names = Callable[[Sequence[int]], Mapping[int, tuple[str, str]]]
"""Tenant's slug and device's name of each of these devices."""


def messages(
    told: Sequence[fence_store.EventRow], fence_names: Mapping[uuid.UUID, str], names: Names, now: dt.datetime
) -> list[Message]:
    """What to publish of these events."""
    fresh = [row for row in told if now - row.fresh_from <= fence_messages.FRESH and not row.late]
    if not fresh:
        return []
    known = names([row.device_id for row in fresh])
    made = []
    for row in fresh:
        if (name := known.get(row.device_id)) is None:
            continue
        tenant, device = name
        payload = fence_messages.encode(
            row.event,
            tenant=tenant,
            device=device,
            device_id=row.device_id,
            fence=fence_names.get(row.event.fence_id, ""),
        )
        made.append((topics.event_topic(tenant, fence_messages.NAMES[row.event.kind]), payload))
    return made

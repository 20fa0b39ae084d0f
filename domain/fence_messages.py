"""What the rest of the world hears of geofences: an event's name in its topic, and its JSON (docs/mqtt.md)."""

import datetime as dt
import json
from collections.abc import Mapping

from domain import fence_fold, fences

FRESH = dt.timedelta(minutes=10)
"""Events that were settled longer ago are kept and shown, but nobody is told."""

NAMES: Mapping[fences.EventKind, str] = {
    fences.EventKind.ENTERED: "GeofenceEntered",
    fences.EventKind.EXITED: "GeofenceExited",
    fences.EventKind.DWELLED: "GeofenceDwelled",
    fences.EventKind.CROSSED: "GeofenceCrossed",
    fences.EventKind.SPEEDING: "GeofenceSpeeding",
    fences.EventKind.ABSENT: "GeofenceAbsent",
    fences.EventKind.UNAUTHORISED: "UnauthorisedMovement",
}


def encode(event: fence_fold.FenceEvent, *, tenant: str, device: str, device_id: int, fence: str) -> bytes:
    """The payload of an event; the names are those of the tenant, the device and the fence."""
    return json.dumps(
        {
            "tenant": tenant,
            "device": device,
            "device_id": device_id,
            "geofence": fence,
            "geofence_id": str(event.fence_id),
            "kind": event.kind.value,
            "reason": event.reason.value,
            "time": _instant(event.time),
            "decided_at": _instant(event.decided_at),
            "visit_id": None if event.visit_id is None else str(event.visit_id),
            "lat": event.lat,
            "lon": event.lon,
            "speed_mps": event.speed_mps,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _instant(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

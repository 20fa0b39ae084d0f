"""Units and alerts as JSON shows them, to browsers and to integrators alike."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from db import alert_changes, live_reads, read_models
from domain import emergencies, fix_quality, liveness

Json = dict[str, Any]
_RECEIPT = {"late": "late", "out_of_order": "out_of_order", "corrected": "corrected_at"}
UNREAD_TEXT = "Alert that this release can't read fully"


def unit(found: read_models.Unit, now: dt.datetime) -> Json:
    """A unit; `state` is a domain.liveness.UnitState, `link` a Link; `is_moving` is null where the fix is too old to tell."""
    age_s = found.age_s(now)
    return {
        "id": found.device_id,
        "name": found.name,
        "kind": found.kind,
        "label": found.label,
        "vehicle": found.vehicle,
        "person": found.person,
        "state": liveness.state(age_s=age_s, moving=found.moving),
        "lat": found.position.lat if found.position else None,
        "lon": found.position.lon if found.position else None,
        "is_current": found.current_position(now) is not None,
        "time": instant(found.time),
        "age_s": age_s,
        "speed_mps": found.speed_mps,
        "course_deg": found.course_deg,
        "accuracy_m": found.accuracy_m,
        "is_moving": found.moving if age_s is not None and age_s <= liveness.STALE_S else None,
        "link": found.link(now),
        "online": found.online,
        "gps": found.gps,
        "backlog": found.backlog,
    }


def fix(found: Mapping[str, Any]) -> Json:
    """A fix of a trail, with the words of what is wrong with it and, apart, of what was odd about its receipt."""
    told = {name: found[name] for name in ("lat", "lon", "speed_mps", "course_deg")}
    return {
        "time": instant(found["time"]),
        **told,
        "flags": list(fix_quality.reasons(found["quality"])),
        "received_at": instant(found["received_at"]),
        "receipt": [name for name, column in _RECEIPT.items() if found[column]],
    }


def alert(found: live_reads.SeenAlert) -> Json:
    """An alert."""
    it, place = found.alert, found.alert.location
    return {
        "id": str(it.id),
        "state": it.state,
        "priority": it.priority,
        "type": it.type,
        "text": it.text,
        "who": found.who,
        "person_id": str(it.person_id) if it.person_id else None,
        "device_name": it.device_name,
        "device_id": found.device_id,
        "fob": it.fob,
        "raised_at": instant(it.raised_at),
        "pressed_at": instant(it.pressed_at),
        "last_press_at": instant(it.last_press_at),
        "press_count": it.press_count,
        **_place(place),
        "remarks": sorted(it.remarks),
        "cancelled_by_device_at": instant(it.cancelled_by_device_at),
        "acknowledged_at": instant(it.acknowledged_at),
        "acknowledged_by": it.acknowledged_by,
        "resolved_at": instant(it.resolved_at),
        "resolved_by": it.resolved_by,
        "resolution": it.resolution,
    }


def unread_alert(found: Mapping[str, Any]) -> Json:
    """An alert of which only plain columns can be read (db.unread_alerts); one in a state that we don't know rings."""
    is_known = found["state"] in set(emergencies.AlertState)
    times = ("cancelled_by_device_at", "acknowledged_at", "resolved_at")
    return {
        "id": str(found["id"]),
        "state": found["state"] if is_known else emergencies.AlertState.OPEN,
        "priority": emergencies.AlertPriority.CRITICAL,
        "type": emergencies.AlertType.PANIC_BUTTON,
        "text": UNREAD_TEXT,
        "who": None,
        "person_id": None,
        "device_name": found["device_name"],
        "device_id": found["device_id"],
        "fob": found["fob"],
        **dict.fromkeys(("raised_at", "pressed_at", "last_press_at"), instant(found["raised_at"])),
        "press_count": found["press_count"],
        **_place(None),
        "remarks": [],
        **dict.fromkeys(times),
        "acknowledged_by": found["acknowledged_by"],
        "resolved_by": None,
        "resolution": None,
    }


def change(found: alert_changes.Change) -> Json:
    """A line of an alert's history."""
    return {"change": found.change, "at": instant(found.at), "actor": found.actor, "note": found.note}


def instant(time: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if time is None else time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def instant_of_ms(unix_ms: int) -> str:
    """ISO 8601 in UTC of Unix ms."""
    return dt.datetime.fromtimestamp(unix_ms / 1e3, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _place(place: emergencies.AlertLocation | None) -> Json:
    return {
        "lat": place.position.lat if place else None,
        "lon": place.position.lon if place else None,
        "location_time": instant(place.time) if place else None,
        "location_age_s": place.age_s if place else None,
        "accuracy_m": place.accuracy_m if place else None,
    }

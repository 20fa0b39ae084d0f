"""What an alert of the live socket says to a reader: remarks, states and types in words."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dashboard import i18n
from domain import emergencies

#: An alert as the live socket tells it (docs/live.md).
AlertData = Mapping[str, Any]


def who(alert: AlertData) -> str:
    """The person, or else what the button is called."""
    return alert.get("who") or i18n.text("fob {fob} on {device}", fob=alert["fob"], device=alert["device_name"])


def state(alert: AlertData) -> str:
    """Its state, with the name of who took it."""
    if alert["state"] == emergencies.AlertState.ACKNOWLEDGED:
        return i18n.text("taken by {who}", who=alert["acknowledged_by"])
    return i18n.text("open") if alert["state"] == emergencies.AlertState.OPEN else i18n.text("resolved")


def remarks(alert: AlertData) -> list[str]:
    """What a dispatcher must know about it, a phrase each."""
    words: Mapping[str, str] = {
        emergencies.AlertRemark.UNKNOWN_FOB: i18n.text("fob not registered"),
        emergencies.AlertRemark.UNKNOWN_DEVICE: i18n.text("device not registered"),
        emergencies.AlertRemark.NO_POSITION: i18n.text("no position"),
        emergencies.AlertRemark.OLD_POSITION: i18n.text("old position"),
        emergencies.AlertRemark.FUTURE_POSITION: i18n.text("position from the future"),
        emergencies.AlertRemark.LATE: i18n.text("arrived late"),
        emergencies.AlertRemark.CLOCK_UNSET: i18n.text("device clock not set"),
        emergencies.AlertRemark.MALFORMED: i18n.text("message damaged"),
    }
    # One that these pages do not know yet is shown as it is: it must not keep an alert from being seen.
    found = [words.get(remark, remark) for remark in alert["remarks"]]
    if alert["cancelled_by_device_at"]:
        found.append(i18n.text("cancelled on the device: check on them"))
    if alert["press_count"] > 1:
        found.append(i18n.plural("{count} press", "{count} presses", alert["press_count"]))
    return found


def change(name: str) -> str:
    """What happened to an alert, of its history."""
    words: Mapping[str, str] = {
        emergencies.AlertChange.RAISED: i18n.text("raised"),
        emergencies.AlertChange.PRESSED_AGAIN: i18n.text("pressed again"),
        emergencies.AlertChange.REARMED: i18n.text("open again"),
        emergencies.AlertChange.CANCELLED_BY_DEVICE: i18n.text("cancelled on the device"),
        emergencies.AlertChange.ACKNOWLEDGED: i18n.text("taken"),
        emergencies.AlertChange.RESOLVED: i18n.text("resolved"),
    }
    return words.get(name, name)


def milliseconds(at: str) -> int:
    """An ISO 8601 time as Unix milliseconds, for scripts that count on."""
    return round(dt.datetime.fromisoformat(at).timestamp() * 1000)

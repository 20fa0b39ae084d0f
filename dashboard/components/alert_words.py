"""What an alert says to a reader; of the unresolved ones assets/alert_text.js says it in these words."""

from collections.abc import Mapping

from api import identity, shown
from dashboard import i18n
from domain import accounts, emergencies


def texts() -> dict[str, object]:
    """Each by the name that the scripts know it by, and whether the reader may act on alerts."""
    return {
        "may_handle": _may_handle(),
        "title": i18n.text("Alerts"),
        "nobody": i18n.text("Nobody needs help."),
        "headlines": headlines(),
        "remarks": remarks(),
        "fob_on_device": i18n.text("fob {fob} on {device}"),
        "open": i18n.text("open"),
        "taken_by": i18n.text("taken by {who}"),
        "resolved_by": i18n.text("resolved by {who}"),
        "cancelled": i18n.text("cancelled on the device: check on them"),
        "presses": i18n.plural_forms("{count} press", "{count} presses"),
        "position_age": i18n.text("position {age} old"),
        "acknowledge": i18n.text("Acknowledge"),
        "resolve": i18n.text("Resolve"),
        "locate": i18n.text("Show on the map"),
        "more_open": i18n.plural_forms("{count} more open: {names}", "{count} more open: {names}"),
        "more_taken": i18n.plural_forms("{count} more taken: {names}", "{count} more taken: {names}"),
        "and_more": i18n.text("{names} and {count} more"),
        "spoken": i18n.text("{what}, on {device}, at {lat}, {lon}"),
        "spoken_nowhere": i18n.text("{what}, on {device}, no position"),
    }


def headlines() -> dict[str, str]:
    """The first words of an alert by how the domain begins them: they alone tell a press from a fall."""
    return {
        "Panic button activated by {who}": i18n.text("Panic button activated by {who}"),
        "Man-down signal from {who}": i18n.text("Man-down signal from {who}"),
        "Fall detected for {who}": i18n.text("Fall detected for {who}"),
        shown.UNREAD_TEXT: i18n.text("Alert that this release can't read fully"),
    }


def remarks() -> Mapping[str, str]:
    """What a dispatcher must know about an alert, a phrase each."""
    return {
        emergencies.AlertRemark.UNKNOWN_FOB: i18n.text("fob not registered"),
        emergencies.AlertRemark.UNKNOWN_DEVICE: i18n.text("device not registered"),
        emergencies.AlertRemark.NO_POSITION: i18n.text("no position"),
        emergencies.AlertRemark.OLD_POSITION: i18n.text("old position"),
        emergencies.AlertRemark.FUTURE_POSITION: i18n.text("position from the future"),
        emergencies.AlertRemark.LATE: i18n.text("arrived late"),
        emergencies.AlertRemark.CLOCK_UNSET: i18n.text("device clock not set"),
        emergencies.AlertRemark.MALFORMED: i18n.text("message damaged"),
    }


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


def _may_handle() -> bool:
    signed_in = identity.current_or_none.get()
    return signed_in is not None and signed_in.may(accounts.Permission.HANDLE_ALERTS)

"""Short messages at the edge of the page: what was done, and why something was not."""

import uuid
from typing import Any

from dashboard import i18n
from domain import errors

_SHOWN_MS = 6_000


def done(message: str) -> dict[str, Any]:
    """Something worked."""
    return _notice(i18n.text("Done"), message, "green")


def refused(error: errors.DomainError) -> dict[str, Any]:
    """A rule or a colleague was in the way; the error says which or who."""
    titles = {
        "alert_transition": i18n.text("Somebody was faster"),
        "resolution_missing": i18n.text("Say how it ended"),
        "not_permitted": i18n.text("Your role does not allow this"),
    }
    return _notice(titles.get(error.code, i18n.text("That did not work")), str(error), "orange")


def unanswered() -> dict[str, Any]:
    """The database does not answer: nothing is known to have been done."""
    message = i18n.text("The database does not answer. Look whether it was done, and try again.")
    return _notice(i18n.text("That did not work"), message, "red")


def _notice(title: str, message: str, color: str) -> dict[str, Any]:
    return {
        "action": "show",
        "id": str(uuid.uuid4()),
        "title": title,
        "message": message,
        "color": color,
        "autoClose": _SHOWN_MS,
        "closeButtonProps": {"aria-label": i18n.text("Close")},
    }

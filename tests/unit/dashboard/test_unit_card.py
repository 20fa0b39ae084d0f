"""What the card says of what happened to a unit."""

from typing import Any

import pytest

from dashboard.components import unit_card, unit_words
from domain import fences

UNIT: dict[str, Any] = {
    "name": "van-01",
    "state": "moving",
    "link": "alive",
    **dict.fromkeys(("label", "speed_mps", "age_s", "person", "vehicle", "battery_pct", "gps", "backlog")),
}
EVENT = {"time": "2026-03-01T12:00:00Z", "kind": "exited", "text": "Depot", "reason": "count", "corrected_at": None}


def said(event: dict[str, Any]) -> str:
    """The words of an event as somebody reads them."""
    *_, events = unit_card.content({**UNIT, "events": [event]}, zone="Europe/Helsinki")
    [line] = events.children
    return " | ".join(part if isinstance(part, str) else str(part.children) for part in line.children)


def test_an_event_at_a_fence_tells_its_reason() -> None:
    assert said(EVENT) == "14:00:00 · leaves · Depot | several fixes in a row"


def test_a_correction_is_marked_with_when_it_came(french: None) -> None:
    corrected = {**EVENT, "corrected_at": "2026-03-01T15:30:00Z"}

    assert said(corrected) == "14:00:00 · sort · Depot | plusieurs positions de suite | corrigé à 17:30:00"


def test_an_alert_has_neither() -> None:
    assert said({**EVENT, "kind": "alert_open", "text": "Panic", "reason": None}) == "14:00:00 · open alert · Panic"


@pytest.mark.parametrize("reason", fences.Reason)
def test_every_reason_has_words(reason: fences.Reason) -> None:
    assert unit_words.reason(reason) != reason

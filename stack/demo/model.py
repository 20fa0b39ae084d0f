"""What the screen shows at one moment: what was read, and what the person at the keyboard has chosen."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from db import demo_view
from domain import emergencies


class Liveness(StrEnum):
    """How a unit is doing, as far as its fixes tell."""

    MOVING = "moving"
    STANDING = "standing"
    STALE = "stale"  # nothing heard for a while: lost its fix, its link or its power


class Focus(StrEnum):
    """Which list the arrows move in."""

    ALERTS = "alerts"
    UNITS = "units"


@dataclass(slots=True, kw_only=True)
class Model:
    """The state of the screen. `view` is None until the database has answered."""

    now: dt.datetime
    view: demo_view.View | None = None
    tenant: demo_view.Tenant | None = None
    rate: float = 0.0
    services: Mapping[str, bool] = field(default_factory=dict)
    lamps: dict[str, str] = field(default_factory=dict)
    """By fob, what its gateway told its lamp last."""
    focus: Focus = Focus.ALERTS
    selected: uuid.UUID | None = None
    first_unit: int = 0
    message: str = ""
    is_trouble: bool = False
    typing: str | None = None
    """The resolution as typed so far; None while nothing is asked."""
    shows_help: bool = False

    def unresolved(self) -> tuple[demo_view.Alert, ...]:
        """The alerts that can be acted on."""
        if self.view is None:
            return ()
        return tuple(a for a in self.view.alerts if a.state is not emergencies.AlertState.RESOLVED)

    def chosen(self) -> demo_view.Alert | None:
        """The selected alert, the first where none or one that is gone is selected."""
        alerts = self.unresolved()
        return next((a for a in alerts if a.id == self.selected), alerts[0] if alerts else None)

    def select(self, step: int) -> None:
        """Move the selection among the alerts."""
        alerts, chosen = self.unresolved(), self.chosen()
        if chosen is not None:
            place = alerts.index(chosen) + step
            self.selected = alerts[min(max(place, 0), len(alerts) - 1)].id

    def turn(self, pages: int, rows: int) -> None:
        """Turn the pages of the units."""
        known = self.view.known if self.view else 0
        last = max(0, (known - 1) // rows * rows) if rows > 0 else 0
        self.first_unit = min(max(self.first_unit + pages * rows, 0), last)

    def say(self, text: str, *, is_trouble: bool = False) -> None:
        """Show a message until the next one."""
        self.message, self.is_trouble = text, is_trouble


def liveness(unit: demo_view.Unit, now: dt.datetime) -> Liveness:
    """How a unit is doing."""
    if now - unit.time > demo_view.STALE_AFTER:
        return Liveness.STALE
    return Liveness.MOVING if (unit.speed_mps or 0.0) >= demo_view.MOVING_MPS else Liveness.STANDING

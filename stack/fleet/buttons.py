"""Presses by chance: when somebody of the fleet presses, who, and what the button says."""

from dataclasses import dataclass

import numpy as np

from domain import telemetry
from stack.fleet import draws

#: How often each kind is among the presses, in per cent.
_KINDS = {
    telemetry.PressKind.PRESS: 70,
    telemetry.PressKind.LONG: 8,
    telemetry.PressKind.MAN_DOWN: 7,
    telemetry.PressKind.CHECK_IN: 8,
    telemetry.PressKind.TEST: 7,
}
_SHARES = np.cumsum(list(_KINDS.values())) / sum(_KINDS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A unit, by its place in the fleet's list, and what its button says."""

    place: int
    kind: telemetry.PressKind


class Buttons:
    """The buttons of `units` units, pressed `presses_per_hour` times by all of them together."""

    def __init__(self, *, units: int, presses_per_hour: float, seed: int) -> None:
        self._units, self._per_second = units, presses_per_hour / 3600.0
        self._when, self._who, self._kind = (draws.stream(seed, f"press {x}") for x in ("when", "who", "kind"))

    def pressed(self, tick: int, duration_s: float) -> Pressed | None:
        """Whose button is pressed during one tick, one at the most."""
        if not self._units or draws.uniform(self._when, 0, tick) >= self._per_second * duration_s:
            return None
        place = int(draws.uniform(self._who, 0, tick) * self._units)
        which = int(np.searchsorted(_SHARES, draws.uniform(self._kind, 0, tick), side="right"))
        return Pressed(place=place, kind=list(_KINDS)[which])

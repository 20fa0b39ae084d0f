"""Units of one kind that report at the same moments: where they are, moved and seen together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.seed import roster
from stack.fleet import movers, receivers
from stack.town import streets

#: All units start standing; when the fleet is first seen, it has been about for so long.
_ON_THE_MOVE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Which units report, and what their receivers see."""

    units: tuple[roster.Unit, ...]
    sight: receivers.Sight


class Platoon:
    """Units that drive, or units that walk."""

    def __init__(self, town: streets.Streets, units: Sequence[roster.Unit], *, on_foot: bool, seed: int) -> None:
        number = np.array([unit.number for unit in units], np.int32)
        net, routes = (town.walk, town.walk_routes) if on_foot else (town.drive, town.drive_routes)
        habits = movers.WALKING if on_foot else movers.DRIVING
        self.units = tuple(units)
        self.movers = movers.Movers(net, routes, habits, number, seed)
        self.movers.advance(_ON_THE_MOVE_S)
        self._receivers = receivers.Receivers(town.ground, number, seed)

    def report(self, since_s: float) -> Report:
        """Let time pass, then look."""
        self.movers.advance(since_s)
        return Report(units=self.units, sight=self._receivers.look(self.movers, since_s))


def form(town: streets.Streets, units: Sequence[roster.Unit], *, waves: int, seed: int) -> list[list[Platoon]]:
    """Spread units over so many waves, which report one after the other within a tick; a wave has up to two platoons."""
    formed: list[list[Platoon]] = []
    for wave in range(waves):
        members = units[wave::waves]
        walking = [unit for unit in members if unit.kind is roster.Kind.GUARD]
        driving = [unit for unit in members if unit.kind is not roster.Kind.GUARD]
        groups = [(driving, False), (walking, True)]
        formed.append([Platoon(town, group, on_foot=on_foot, seed=seed) for group, on_foot in groups if group])
    return formed

"""Traffic lights as a function of time: the lights of one crossing share a cycle, and one axis has green at a time."""

import numpy as np

from stack.fleet import draws
from stack.town import network

_CYCLE_S = 70.0
_GREEN_S = 30.0
#: Lights within such a square stand at one crossing.
_CROSSING_M = 60.0


class Lights:
    """The lights at the ends of a network's edges; those without any are always green."""

    def __init__(self, net: network.Network, seed: int) -> None:
        tip = net.point_start[1:] - 1
        x, y = net.point_x[tip], net.point_y[tip]
        column, row = np.floor(x / _CROSSING_M).astype(np.int64), np.floor(y / _CROSSING_M).astype(np.int64)
        offset_s = draws.between(0.0, _CYCLE_S, draws.stream(seed, "crossing"), column & 0xFFFF, row & 0xFFFF)
        heading = np.degrees(np.arctan2(y - net.point_y[tip - 1], x - net.point_x[tip - 1])) % 180.0
        across = (heading > 45.0) & (heading < 135.0)  # noqa: PLR2004 - the half of the compass
        self._phase_s = offset_s + np.where(across, _CYCLE_S / 2, 0.0)
        self._lit = net.edge_signal

    def red(self, edge: network.Ints, time_s: float) -> network.Bools:
        """Whether the light at the end of each edge says stop."""
        return np.asarray(self._lit[edge] & ((time_s + self._phase_s[edge]) % _CYCLE_S > _GREEN_S))

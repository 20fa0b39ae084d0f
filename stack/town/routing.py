"""Ways to everywhere: for each destination and edge, the edge to take next and the speed at which to leave this one.

Tables instead of a search per unit, so that ten thousand units find their way with one look-up each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from stack.town import network, pace

#: A destination is a stretch of street at which units stop; it is this long at least, and they stop past its first third.
_STRETCH_M = 40.0
NEAREST_STOP, FARTHEST_STOP = 0.35, 0.85
_TURN_COST_S = 4.0
_SIGNAL_COST_S = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """`next_edge` and `exit_mps` have a row per destination and a column per edge; `profile_mps` an entry per point."""

    destination_edge: network.Ints
    next_edge: NDArray[np.int16]
    exit_mps: NDArray[np.float32]
    profile_mps: network.Floats

    def arrays(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """All arrays under prefixed names, for one file that holds several tables."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}


def from_arrays(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Routes:
    """Build the tables from what `Routes.arrays` gave."""
    return Routes(**{field.name: arrays[f"{prefix}{field.name}"] for field in fields(Routes)})  # type: ignore[arg-type]


def plan(net: network.Network, comfort: pace.Comfort, destinations: int) -> Routes:
    """Choose destinations spread over the town, and plan the quickest way to each from everywhere."""
    goal = _spread(net, destinations)
    profile = pace.profile_mps(net, comfort)
    turn = pace.turn_mps(net, comfort)
    choice = _quickest(net, goal, turn)
    following = net.successor[choice]
    return Routes(
        destination_edge=goal,
        next_edge=following.astype(np.int16),
        exit_mps=_exit_mps(net, goal, following, turn[choice], profile, comfort).astype(np.float32),
        profile_mps=profile,
    )


def _spread(net: network.Network, count: int) -> network.Ints:
    """Destinations far from each other: each next one is the street farthest from all chosen before."""
    fit = np.flatnonzero((net.edge_length_m >= _STRETCH_M) & ~net.edge_tunnel & (net.edge_name > 0)).astype(np.int32)
    x, y = net.locate(fit, 0.5 * net.edge_length_m[fit])
    chosen = [0]
    distance = np.hypot(x - x[0], y - y[0])
    while len(chosen) < min(count, len(fit)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.hypot(x - x[chosen[-1]], y - y[chosen[-1]]))
        distance[chosen] = -1.0
    return np.sort(fit[chosen])


def _quickest(net: network.Network, goal: network.Ints, turn_mps: network.Floats) -> NDArray[np.intp]:
    """For each destination and edge, the place in `net.successor` of the best next edge.

    Bellman and Ford's relaxation, for all destinations at once.
    """
    before = np.repeat(np.arange(net.edges), np.diff(net.successor_start))
    limit = net.edge_limit_mps
    hindrance_s = (
        _TURN_COST_S * (1.0 - np.minimum(turn_mps / limit[before], 1.0)) + _SIGNAL_COST_S * net.edge_signal[before]
    )
    ride_s = (hindrance_s + (net.edge_length_m / limit)[net.successor]).astype(np.float32)[:, None]
    rows = np.arange(len(goal))
    left_s = np.full((net.edges, len(goal)), np.inf, np.float32)
    left_s[goal, rows] = 0.0
    starts = net.successor_start[:-1]
    while True:
        better = np.minimum.reduceat(ride_s + left_s[net.successor], starts, axis=0)
        better[goal, rows] = 0.0
        if np.array_equal(better, left_s):
            break
        left_s = better
    cost = ride_s + left_s[net.successor]
    is_best = cost == np.repeat(np.minimum.reduceat(cost, starts, axis=0), np.diff(net.successor_start), axis=0)
    place = np.where(is_best, np.arange(len(before))[:, None], len(before))
    return np.asarray(np.minimum.reduceat(place, starts, axis=0).T)


def _exit_mps(
    net: network.Network,
    goal: network.Ints,
    following: network.Ints,
    turn_mps: network.Floats,
    profile_mps: network.Floats,
    comfort: pace.Comfort,
) -> network.Floats:
    """The speed at which each edge may be left on the way to each destination, so that nothing beyond asks for a harsh stop."""
    rows = np.arange(len(goal))
    entry = np.tile(profile_mps[net.point_start[:-1]], (len(goal), 1))
    stop_m = NEAREST_STOP * net.edge_length_m[goal]
    entry[rows, goal] = np.minimum(entry[rows, goal], np.sqrt(2 * comfort.brake_mps2 * stop_m))
    leave = turn_mps
    while True:
        onward = np.minimum(turn_mps, np.take_along_axis(entry, following, axis=1))
        slowed = np.minimum(entry, np.sqrt(onward**2 + 2 * comfort.brake_mps2 * net.edge_length_m))
        if np.array_equal(onward, leave):
            return np.asarray(np.minimum(onward, net.edge_limit_mps))
        leave, entry = onward, slowed

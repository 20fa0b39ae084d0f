"""How fast a street may be taken: limits, curves, turns, giving way. Speeds in m/s, known before anything moves.

A speed profile is such that whoever keeps below it can always slow down to what comes next at the comfortable rate.
"""

from dataclasses import dataclass

import numpy as np

from stack.town import network


@dataclass(frozen=True, slots=True, kw_only=True)
class Comfort:
    """What a driver or walker finds comfortable; metres per second squared."""

    brake_mps2: float
    accelerate_mps2: float
    sideways_mps2: float
    slowest_mps: float
    """Even the sharpest turn is taken at this speed."""


CAR = Comfort(brake_mps2=2.0, accelerate_mps2=1.8, sideways_mps2=2.2, slowest_mps=1.8)
WALKER = Comfort(brake_mps2=1.0, accelerate_mps2=1.0, sideways_mps2=2.0, slowest_mps=1.0)

#: A street of lower rank is left at this speed where it meets a higher one; streets of equal rank meet at the other.
_GIVE_WAY_MPS, _EQUAL_MPS = 3.0, 6.5
_PRIORITY_RANK = 3
#: The direction of a street at its end is read over this length, so that a kink of a metre is no turn.
_READ_OVER_M = 8.0
_LEG_M = 12.0


def curve_mps(turned_rad: network.Floats, leg_m: network.Floats, comfort: Comfort) -> network.Floats:
    """The speed at which a turn between two legs is comfortable.

    The circle that touches both half-way has the radius leg / 2 tan(turn / 2).
    """
    radius_m = 0.5 * np.minimum(leg_m, _LEG_M) / np.maximum(np.tan(0.5 * np.minimum(turned_rad, 3.1)), 1e-9)
    return np.asarray(np.maximum(np.sqrt(comfort.sideways_mps2 * radius_m), comfort.slowest_mps))


def profile_mps(net: network.Network, comfort: Comfort) -> network.Floats:
    """For each point of each edge, the speed from which the rest of the edge can be driven comfortably."""
    profile = np.repeat(net.edge_limit_mps, np.diff(net.point_start))
    dx, dy = np.diff(net.point_x), np.diff(net.point_y)
    legs = np.hypot(dx, dy)
    turned = np.abs((np.diff(np.arctan2(dy, dx)) + np.pi) % (2 * np.pi) - np.pi)
    inner = np.ones(len(profile), bool)
    inner[net.point_start[:-1]] = inner[net.point_start[1:] - 1] = False
    at = np.flatnonzero(inner)
    profile[at] = np.minimum(profile[at], curve_mps(turned[at - 1], np.minimum(legs[at - 1], legs[at]), comfort))
    first = np.zeros(len(profile), bool)
    first[net.point_start[:-1]] = True
    for i in range(len(profile) - 2, -1, -1):
        if not first[i + 1]:
            profile[i] = min(profile[i], float(np.sqrt(profile[i + 1] ** 2 + 2 * comfort.brake_mps2 * legs[i])))
    return profile


def turn_mps(net: network.Network, comfort: Comfort) -> network.Floats:
    """For each pair of `net.successor`, the speed at which the one edge is left for the other."""
    before = np.repeat(np.arange(net.edges), np.diff(net.successor_start))
    after = net.successor
    leaving = _heading_rad(net, at_end=True)[before]
    entering = _heading_rad(net, at_end=False)[after]
    turned = np.abs((entering - leaving + np.pi) % (2 * np.pi) - np.pi)
    speed = curve_mps(turned, np.full(len(turned), _LEG_M), comfort)
    highest, met = _junctions(net)
    here, rank = net.edge_to[before], net.edge_rank[before]
    yields = met[here] & (rank < highest[here]) & ~net.edge_signal[before]
    shares = met[here] & (rank == highest[here]) & (rank > 0) & (rank < _PRIORITY_RANK)
    speed = np.where(yields, np.minimum(speed, _GIVE_WAY_MPS), speed)
    return np.where(shares, np.minimum(speed, _EQUAL_MPS), speed)


def _junctions(net: network.Network) -> tuple[network.Ints, network.Bools]:
    """Per node: the highest rank of the streets that meet there, and whether more than two do."""
    highest = np.zeros(int(max(net.edge_from.max(), net.edge_to.max())) + 1, np.int32)
    np.maximum.at(highest, net.edge_to, net.edge_rank)
    np.maximum.at(highest, net.edge_from, net.edge_rank)
    links = np.unique(np.sort(np.stack([net.edge_from, net.edge_to]), axis=0), axis=1)
    return highest, np.bincount(links.ravel(), minlength=len(highest)) > 2  # noqa: PLR2004 - a street passes through with two


def _heading_rad(net: network.Network, *, at_end: bool) -> network.Floats:
    """The direction in which each edge ends or begins, counter-clockwise from east."""
    station = np.minimum(_READ_OVER_M, net.edge_length_m)
    if at_end:
        station = net.edge_length_m - station
    edge = np.arange(net.edges, dtype=np.int32)
    x, y = net.locate(edge, station)
    tip = net.point_start[1:] - 1 if at_end else net.point_start[:-1]
    dx, dy = net.point_x[tip] - x, net.point_y[tip] - y
    return np.asarray(np.arctan2(dy, dx) if at_end else np.arctan2(-dy, -dx))

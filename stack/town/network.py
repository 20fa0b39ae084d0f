"""A street network as arrays: directed edges with their geometry, and which edge may follow which.

Arrays, because ten thousand units are moved along it at once. Metres east (x) and north (y) of the town's origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
_TINY_M = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Edges 0…E−1 in arrays of that length; the points of edge e are `point_start[e]` … `point_start[e + 1]` − 1.

    `successor_start` and `successor` say in the same way which edges may follow: legal turns, a U-turn only where a street
    ends. Every edge can be reached from every other.
    """

    edge_from: Ints
    edge_to: Ints
    edge_way: NDArray[np.int64]
    """The OpenStreetMap way that it is a piece of."""
    edge_forward: Bools
    """Whether it runs in the order of the way's points."""
    edge_length_m: Floats
    edge_offset_m: Floats
    edge_limit_mps: Floats
    edge_rank: Ints
    edge_name: Ints
    edge_tunnel: Bools
    edge_signal: Bools
    """Whether a traffic light stands at its end."""
    point_start: Ints
    point_x: Floats
    point_y: Floats
    point_along_m: Floats
    """Ascending over all points: `edge_offset_m` of its edge + how far along the edge it lies."""
    successor_start: Ints
    successor: Ints

    @property
    def edges(self) -> int:
        """How many directed edges there are."""
        return len(self.edge_from)

    def points(self, edge: int) -> slice:
        """Where the points of an edge stand in the point arrays."""
        return slice(int(self.point_start[edge]), int(self.point_start[edge + 1]))

    def successors(self, edge: int) -> Ints:
        """The edges that may follow an edge."""
        return self.successor[self.successor_start[edge] : self.successor_start[edge + 1]]

    def segment(self, edge: Ints, station_m: Floats) -> tuple[NDArray[np.intp], Floats]:
        """The point behind someone `station_m` along an edge, and how far they are along that point's `point_along_m`."""
        along = self.edge_offset_m[edge] + station_m
        point = np.searchsorted(self.point_along_m, along, side="right") - 1
        return np.clip(point, self.point_start[edge], self.point_start[edge + 1] - 2), along

    def locate(self, edge: Ints, station_m: Floats) -> tuple[Floats, Floats]:
        """Where someone is on the plane, `station_m` along an edge."""
        point, along = self.segment(edge, station_m)
        # Two points at one place have no length between them.
        length_m = np.maximum(self.point_along_m[point + 1] - self.point_along_m[point], _TINY_M)
        share = np.minimum((along - self.point_along_m[point]) / length_m, 1.0)
        x = self.point_x[point] + share * (self.point_x[point + 1] - self.point_x[point])
        y = self.point_y[point] + share * (self.point_y[point + 1] - self.point_y[point])
        return x, y

    def arrays(self, prefix: str) -> dict[str, NDArray[np.generic]]:
        """All arrays under prefixed names, for one file that holds several networks."""
        return {f"{prefix}{field.name}": getattr(self, field.name) for field in fields(self)}


def from_arrays(arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> Network:
    """Build a network from what `Network.arrays` gave."""
    return Network(**{field.name: arrays[f"{prefix}{field.name}"] for field in fields(Network)})  # type: ignore[arg-type]

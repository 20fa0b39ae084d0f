"""Names of places: the street that a position is nearest to."""

import numpy as np
import shapely

from stack.town import network, streets

#: Farther than this from every named street, a position has no name.
_NEAR_M = 250.0


class Places:
    """The named streets of the town, to be asked by position."""

    def __init__(self, town: streets.Streets) -> None:
        self._ground = town.ground
        lines, names = [], []
        for net in (town.drive, town.walk):
            for edge in np.flatnonzero((net.edge_name > 0) & ~net.edge_tunnel):
                lines.append(_line(net, int(edge)))
                names.append(town.names[int(net.edge_name[edge])])
        self._tree = shapely.STRtree(lines)
        self._names = names

    def name(self, lat: float, lon: float) -> str:
        """The name of the nearest street; empty where none is near."""
        x, y = self._ground.flatten(np.array([lat]), np.array([lon]))
        found = self._tree.query_nearest(shapely.Point(x[0], y[0]), max_distance=_NEAR_M, all_matches=False)
        return self._names[int(found[0])] if len(found) else ""


def _line(net: network.Network, edge: int) -> shapely.LineString:
    at = net.points(edge)
    return shapely.LineString(np.c_[net.point_x[at], net.point_y[at]])

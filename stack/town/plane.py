"""A flat map around an origin, in metres: right to half a metre over the two kilometres of the town."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain import geo

Floats = NDArray[np.float64]
_METRES_NORTH = math.radians(1.0) * geo.EARTH_RADIUS_M


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """The origin, in degrees."""

    lat: float
    lon: float

    def flatten(self, lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
        """Metres east and north of the origin."""
        return (lon - self.lon) * self._metres_east, (lat - self.lat) * _METRES_NORTH

    def unflatten(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Latitude and longitude of points on the plane."""
        return self.lat + y / _METRES_NORTH, self.lon + x / self._metres_east

    @property
    def _metres_east(self) -> float:
        return _METRES_NORTH * math.cos(math.radians(self.lat))

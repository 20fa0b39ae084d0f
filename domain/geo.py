"""Positions on the Earth and the two distances that the rules use.

Haversine on a sphere of 6,371 km serves pricing, scoring and nearest; the WGS 84 ellipsoid serves mileage and fences (R36).
"""

import math
from dataclasses import dataclass

from domain import errors

LAT_LIMIT_DEG = 90.0
LON_LIMIT_DEG = 180.0
EARTH_RADIUS_M = 6_371_000.0
WGS84_A_M = 6_378_137.0
WGS84_F = 1 / 298.257223563
_WGS84_B_M = WGS84_A_M * (1 - WGS84_F)
_VINCENTY_MAX_ITERATIONS = 50
_VINCENTY_PRECISION = 1e-12


class InvalidPositionError(errors.DomainError):
    """A latitude or longitude lies outside of its range or is not a number."""

    code = "invalid_position"

    def __init__(self, lat: float, lon: float) -> None:
        super().__init__(f"not a position: latitude {lat!r}, longitude {lon!r}")
        self.lat = lat
        self.lon = lon


@dataclass(frozen=True, slots=True)
class Position:
    """A point in degrees, WGS 84: latitude −90…90, longitude −180…180.

    Raises:
        InvalidPositionError: outside of these ranges, or not finite.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        # Written so that a NaN fails as well.
        if not (abs(self.lat) <= LAT_LIMIT_DEG and abs(self.lon) <= LON_LIMIT_DEG):
            raise InvalidPositionError(self.lat, self.lon)


def haversine_m(a: Position, b: Position) -> float:
    """Great-circle distance in metres on a sphere of 6,371 km, clamped at the antipodes (R38).

    >>> haversine_m(Position(0.0, 0.0), Position(0.0, 0.0))
    0.0
    >>> round(haversine_m(Position(0.0, 0.0), Position(0.0, 1.0)))
    111195
    """
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    d_lat, d_lon = lat_b - lat_a, math.radians(b.lon - a.lon)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def geodesic_m(a: Position, b: Position) -> float:
    """Distance in metres on the WGS 84 ellipsoid.

    T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid", Survey Review XXIII, 176 (1975), inverse formula.
    Nearly antipodal points, where it does not converge, get the haversine distance instead: no vehicle makes such a leg.
    """
    if a == b:
        return 0.0
    u1 = math.atan((1 - WGS84_F) * math.tan(math.radians(a.lat)))
    u2 = math.atan((1 - WGS84_F) * math.tan(math.radians(b.lat)))
    sin_u1, cos_u1, sin_u2, cos_u2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    d_lon = math.radians((b.lon - a.lon + 540.0) % 360.0 - 180.0)
    lam = d_lon
    for _ in range(_VINCENTY_MAX_ITERATIONS):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        sin_sigma = math.hypot(cos_u2 * sin_lam, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_lam)
        if sin_sigma == 0.0:
            return 0.0
        cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_lam
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_u1 * cos_u2 * sin_lam / sin_sigma
        cos2_alpha = 1 - sin_alpha**2
        # On the equator cos²α is 0 and the term vanishes.
        cos_2sm = cos_sigma - 2 * sin_u1 * sin_u2 / cos2_alpha if cos2_alpha > 0.0 else 0.0
        c = WGS84_F / 16 * cos2_alpha * (4 + WGS84_F * (4 - 3 * cos2_alpha))
        inner = sigma + c * sin_sigma * (cos_2sm + c * cos_sigma * (2 * cos_2sm**2 - 1))
        before, lam = lam, d_lon + (1 - c) * WGS84_F * sin_alpha * inner
        if abs(lam - before) < _VINCENTY_PRECISION:
            return _vincenty_length_m(cos2_alpha, sigma, sin_sigma, cos_sigma, cos_2sm)
    return haversine_m(a, b)


def _vincenty_length_m(cos2_alpha: float, sigma: float, sin_sigma: float, cos_sigma: float, cos_2sm: float) -> float:
    u_sq = cos2_alpha * (WGS84_A_M**2 - _WGS84_B_M**2) / _WGS84_B_M**2
    big_a = 1 + u_sq / 16384 * (4096 + u_sq * (-768 + u_sq * (320 - 175 * u_sq)))
    big_b = u_sq / 1024 * (256 + u_sq * (-128 + u_sq * (74 - 47 * u_sq)))
    correction = big_b / 6 * cos_2sm * (4 * sin_sigma**2 - 3) * (4 * cos_2sm**2 - 3)
    d_sigma = big_b * sin_sigma * (cos_2sm + big_b / 4 * (cos_sigma * (2 * cos_2sm**2 - 1) - correction))
    return _WGS84_B_M * big_a * (sigma - d_sigma)


def bearing_deg(a: Position, b: Position) -> float:
    """Initial true course from a to b in degrees, 0 ≤ course < 360."""
    lat_a, lat_b, d_lon = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    y = math.sin(d_lon) * math.cos(lat_b)
    x = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(d_lon)
    return math.degrees(math.atan2(y, x)) % 360.0


def turn_deg(before_deg: float, after_deg: float) -> float:
    """Angle between two courses, 0 ≤ angle ≤ 180: the way round that is shorter."""
    return abs((after_deg - before_deg + 180.0) % 360.0 - 180.0)

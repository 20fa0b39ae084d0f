"""What satellite receivers make of true places: errors that wander, satellites that come and go, fixes lost between houses."""

from dataclasses import dataclass

import numpy as np

from stack.fleet import draws, movers
from stack.town import network, plane

#: The error wanders slowly around the truth (a Gauss–Markov process), a little noise on top.
_WANDER_S, _METRES_PER_HDOP, _JITTER_M = 40.0, 2.2, 0.25
_SKY_S, _MEAN_SATELLITES, _SATELLITES_SPREAD = 90.0, 9.0, 2.2
_FEWEST, _MOST, _FOR_3D = 4, 14, 5
_DOPPLER_MPS, _COURSE_DEG_MPS = 0.06, 4.0
#: Now and then a street is too narrow: some seconds without a fix, in about one of three windows of five minutes.
_WINDOW_S, _LOSS_SHARE, _SHORTEST_LOSS_S, _LONGEST_LOSS_S = 300.0, 0.35, 2.0, 20.0
#: Below this a receiver knows no course.
_COURSE_FROM_MPS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the receivers tell at one instant, an entry per unit; only where `has_fix` does the rest count."""

    has_fix: network.Bools
    lat: network.Floats
    lon: network.Floats
    alt_m: network.Floats
    speed_mps: network.Floats
    course_deg: network.Floats
    """NaN where the unit stands."""
    hdop: network.Floats
    satellites: network.Ints
    mode: network.Ints


class Receivers:
    """A receiver on each unit of `Movers`."""

    def __init__(self, ground: plane.Plane, number: network.Ints, seed: int) -> None:
        self._ground, self._number = ground, number
        self._keys = {
            name: draws.stream(seed, name) for name in ("east", "north", "up", "sky", "jitter", "doppler", "course")
        }
        self._loss, self._loss_begin, self._loss_length = (
            draws.stream(seed, f"loss {x}") for x in ("is", "begin", "length")
        )
        self._tick = 0
        self._wander = {axis: draws.normal(self._keys[axis], number, 0) for axis in ("east", "north", "up", "sky")}

    def look(self, moving: movers.Movers, since_s: float) -> Sight:
        """Tell what the receivers see now, `since_s` after they were asked last."""
        self._tick += 1
        for axis, state in self._wander.items():
            keep = np.exp(-since_s / (_SKY_S if axis == "sky" else _WANDER_S))
            self._wander[axis] = keep * state + np.sqrt(1.0 - keep**2) * self._draw(axis)
        spread = _MEAN_SATELLITES + _SATELLITES_SPREAD * self._wander["sky"]
        satellites = np.clip(np.rint(spread), _FEWEST, _MOST).astype(np.int32)
        hdop = np.round(0.5 + 4.5 / (satellites - 1.0), 1)
        x, y = moving.place
        error_m = _METRES_PER_HDOP * hdop
        jitter = _JITTER_M * self._draw("jitter")
        lat, lon = self._ground.unflatten(
            x + error_m * self._wander["east"] + jitter, y + error_m * self._wander["north"] - jitter
        )
        speed = np.abs(moving.speed_mps + _DOPPLER_MPS * self._draw("doppler"))
        course = moving.course_deg + _COURSE_DEG_MPS * self._draw("course") / np.maximum(speed, 1.0)
        return Sight(
            has_fix=~(moving.covered | self._lost(moving.time_s)),
            lat=lat,
            lon=lon,
            alt_m=12.0 + 1.5 * error_m * self._wander["up"],
            speed_mps=speed,
            course_deg=np.where(speed < _COURSE_FROM_MPS, np.nan, course % 360.0),
            hdop=hdop,
            satellites=satellites,
            mode=np.where(satellites >= _FOR_3D, 3, 2).astype(np.int32),
        )

    def _draw(self, name: str) -> network.Floats:
        return draws.normal(self._keys[name], self._number, self._tick)

    def _lost(self, time_s: float) -> network.Bools:
        window = int(time_s // _WINDOW_S)
        length_s = draws.between(_SHORTEST_LOSS_S, _LONGEST_LOSS_S, self._loss_length, self._number, window)
        begin_s = draws.between(0.0, _WINDOW_S - _LONGEST_LOSS_S, self._loss_begin, self._number, window)
        into_s = time_s - window * _WINDOW_S - begin_s
        unlucky = draws.uniform(self._loss, self._number, window) < _LOSS_SHARE
        return np.asarray(unlucky & (into_s >= 0.0) & (into_s < length_s))

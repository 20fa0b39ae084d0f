"""Motion along a street network, for all units at once: drive to a destination, stand there, go on to the next.

A unit's motion depends on the seed, its number and the time steps alone. Speeds keep below what the road ahead allows, such
that no unit ever brakes or accelerates harder than is comfortable.
"""

from dataclasses import dataclass

import numpy as np

from stack.fleet import draws, lights
from stack.town import network, pace, routing

#: Longest step of the integration; a tick of a second takes several.
STEP_S = 0.25
_ARRIVED_M, _ARRIVED_MPS = 0.5, 0.1
_FARTHEST_GAP_M = 12.0
_START_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a kind of unit moves. Speeds are shares of what is allowed; times are drawn between the two."""

    comfort: pace.Comfort
    eagerness: tuple[float, float]
    stop_s: tuple[float, float]
    heeds_lights: bool


#: Couriers and cabs: a delivery, a pick-up.
DRIVING = Habits(comfort=pace.CAR, eagerness=(0.82, 1.0), stop_s=(15.0, 150.0), heeds_lights=True)
#: Guards on their round: a door to be tried, a look around.
WALKING = Habits(comfort=pace.WALKER, eagerness=(0.93, 1.0), stop_s=(10.0, 120.0), heeds_lights=False)


class Movers:
    """Units of one kind on one network. `number` tells the units apart and is all that chance knows of them."""

    def __init__(
        self, net: network.Network, routes: routing.Routes, habits: Habits, number: network.Ints, seed: int
    ) -> None:
        self._net, self._routes, self._habits = net, routes, habits
        self._lights = lights.Lights(net, seed)
        self._number = number
        self._to_where, self._where_there = draws.stream(seed, "destination"), draws.stream(seed, "place of stop")
        self._how_long = draws.stream(seed, "length of stop")
        self._eagerness = draws.between(*habits.eagerness, draws.stream(seed, "eagerness"), number, 0)
        self._gap_m = draws.between(0.5, _FARTHEST_GAP_M, draws.stream(seed, "gap"), number, 0)
        self.time_s = 0.0
        self.edge = (draws.uniform(draws.stream(seed, "start"), number, 0) * net.edges).astype(np.int32)
        self.station_m = 0.5 * net.edge_length_m[self.edge]
        self.speed_mps = np.zeros(len(number))
        self._trip = np.zeros(len(number), np.int64)
        self._goal = np.zeros(len(number), np.intp)
        self._stop_m = np.zeros(len(number))
        self._departs_s = draws.between(0.0, _START_WITHIN_S, draws.stream(seed, "first departure"), number, 0)
        self._standing = np.ones(len(number), bool)

    def advance(self, duration_s: float) -> None:
        """Let time pass."""
        steps = max(1, int(np.ceil(duration_s / STEP_S - 1e-9)))
        for _ in range(steps):
            self._step(duration_s / steps)

    @property
    def place(self) -> tuple[network.Floats, network.Floats]:
        """Metres east and north of the town's origin."""
        return self._net.locate(self.edge, self.station_m)

    @property
    def course_deg(self) -> network.Floats:
        """Direction of the street under the unit, clockwise from north."""
        point, _ = self._net.segment(self.edge, self.station_m)
        dx = self._net.point_x[point + 1] - self._net.point_x[point]
        dy = self._net.point_y[point + 1] - self._net.point_y[point]
        return np.degrees(np.arctan2(dx, dy)) % 360.0

    @property
    def covered(self) -> network.Bools:
        """Whether the unit is in a tunnel."""
        return self._net.edge_tunnel[self.edge]

    def _step(self, dt_s: float) -> None:
        self.time_s += dt_s
        self._depart()
        comfort = self._habits.comfort
        speed = np.minimum(self.speed_mps + comfort.accelerate_mps2 * dt_s, self._allowed_mps(dt_s))
        speed = np.maximum(speed, np.maximum(self.speed_mps - comfort.brake_mps2 * dt_s, 0.0))
        self.speed_mps = np.where(self._standing, 0.0, speed)
        self.station_m = self.station_m + self.speed_mps * dt_s
        self._cross()
        self._arrive()

    def _depart(self) -> None:
        """Send those whose stop is over to a destination other than the one where they stand."""
        who = np.flatnonzero(self._standing & (self._departs_s <= self.time_s))
        if not len(who):
            return
        count = len(self._routes.destination_edge)
        number, trip = self._number[who], self._trip[who]
        goal = (draws.uniform(self._to_where, number, trip) * count).astype(np.intp)
        here = self._routes.destination_edge[goal] == self.edge[who]
        goal = np.where(here, (goal + 1) % count, goal)
        share = draws.between(routing.NEAREST_STOP, routing.FARTHEST_STOP, self._where_there, number, trip)
        self._goal[who] = goal
        self._stop_m[who] = share * self._net.edge_length_m[self._routes.destination_edge[goal]]
        self._trip[who] += 1
        self._standing[who] = False

    def _allowed_mps(self, dt_s: float) -> network.Floats:
        """The highest speed for this step from which everything ahead can still be met."""
        net, edge, station = self._net, self.edge, self.station_m
        point, along = net.segment(edge, station)
        left_m = net.edge_length_m[edge] - station
        at_goal = edge == self._routes.destination_edge[self._goal]
        following = self._routes.next_edge[self._goal, edge].astype(np.int32)
        curve = self._braking(net.point_along_m[point + 1] - along, self._routes.profile_mps[point + 1], dt_s)
        end = self._braking(
            np.where(at_goal, self._stop_m - station, left_m),
            np.where(at_goal, 0.0, self._routes.exit_mps[self._goal, edge]),
            dt_s,
        )
        allowed = np.minimum(np.minimum(curve, end), self._eagerness * net.edge_limit_mps[edge])
        if not self._habits.heeds_lights:
            return allowed
        allowed = self._heed(allowed, edge, left_m, ~at_goal, dt_s)
        beyond = ~at_goal & (following != self._routes.destination_edge[self._goal])
        return self._heed(allowed, following, left_m + net.edge_length_m[following], beyond, dt_s)

    def _heed(
        self, allowed: network.Floats, edge: network.Ints, to_light_m: network.Floats, meant: network.Bools, dt_s: float
    ) -> network.Floats:
        """Stop for a red light unless it is too late to do so in comfort, as one does at amber."""
        red = np.flatnonzero(meant & self._lights.red(edge, self.time_s))
        gap_m = np.minimum(self._gap_m[red], 0.5 * self._net.edge_length_m[edge[red]])
        stop = self._braking(to_light_m[red] - gap_m, np.zeros(len(red)), dt_s)
        possible = stop >= self.speed_mps[red] - self._habits.comfort.brake_mps2 * dt_s
        allowed[red[possible]] = np.minimum(allowed[red[possible]], stop[possible])
        return allowed

    def _braking(self, distance_m: network.Floats, then_mps: network.Floats, dt_s: float) -> network.Floats:
        """The highest speed to keep for one step and still be down to `then_mps` after `distance_m` from now."""
        brake = self._habits.comfort.brake_mps2
        return np.asarray(
            np.sqrt((brake * dt_s) ** 2 + then_mps**2 + 2.0 * brake * np.maximum(distance_m, 0.0)) - brake * dt_s
        )

    def _cross(self) -> None:
        """Carry over those who have passed the end of their edge; a short one may be passed in the same step."""
        length = self._net.edge_length_m
        while len(who := np.flatnonzero(self.station_m > length[self.edge])):
            self.station_m[who] -= length[self.edge[who]]
            self.edge[who] = self._routes.next_edge[self._goal[who], self.edge[who]]

    def _arrive(self) -> None:
        at_goal = ~self._standing & (self.edge == self._routes.destination_edge[self._goal])
        near = at_goal & (np.abs(self._stop_m - self.station_m) < _ARRIVED_M) & (self.speed_mps < _ARRIVED_MPS)
        who = np.flatnonzero(near)
        stop_s = draws.between(*self._habits.stop_s, self._how_long, self._number[who], self._trip[who])
        self._departs_s[who] = self.time_s + stop_s
        self._standing[who] = True
        self.speed_mps[who] = 0.0

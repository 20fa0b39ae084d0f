"""Vans whose receiver and button are on a serial line: each with a pseudo-terminal, read by a gateway of its own."""

import datetime as dt
from collections.abc import Callable

from db.seed import roster
from domain import telemetry
from stack.fleet import nmea_writer, platoon, receivers, serial_pair

#: A fob tells that it is there; its battery lasts for the demo.
_ALIVE_EVERY_S = 20.0
_BATTERY_PCT, _RSSI_DBM = 93, -61
_NUMBERS = 65_536

#: Called with the van and what its gateway tells the fob's lamp.
Lit = Callable[[roster.Unit, serial_pair.Lamp], None]


class Van:
    """One van: what its receiver sees goes onto the serial line, and presses of its fob too.

    Args:
        first_number: the fob counts its presses on from here; a gateway takes one with a number that it knows for a repeat.
    """

    def __init__(self, unit: roster.Unit, lit: Lit, *, first_number: int) -> None:
        self.unit = unit
        self.line = serial_pair.SerialPair(self._hear)
        self._lit = lit
        self._number = first_number % _NUMBERS
        self._unanswered: dict[int, telemetry.PressKind] = {}
        self._alive_at_s = 0.0

    def press(self, kind: telemetry.PressKind) -> int:
        """Press the button; gives the fob's number of the press."""
        self._number = (self._number + 1) % _NUMBERS
        self._unanswered[self._number] = kind
        self._say(self._number, kind)
        return self._number

    def tell(self, epoch: nmea_writer.Epoch, time_s: float) -> None:
        """Write what the receiver sees at one instant; the fob repeats its presses until they are answered."""
        self.line.write(nmea_writer.sentences(epoch))
        for number, kind in self._unanswered.items():
            self._say(number, kind)
        if time_s >= self._alive_at_s:
            self._alive_at_s = time_s + _ALIVE_EVERY_S
            self.line.alive(fob=self.unit.fob, sequence=self._number, battery_pct=_BATTERY_PCT, rssi_dbm=_RSSI_DBM)

    def _say(self, number: int, kind: telemetry.PressKind) -> None:
        self.line.press(fob=self.unit.fob, kind=kind, sequence=number, battery_pct=_BATTERY_PCT, rssi_dbm=_RSSI_DBM)

    def _hear(self, lamp: serial_pair.Lamp) -> None:
        self._unanswered.pop(lamp.sequence, None)
        self._lit(self.unit, lamp)


class Vans:
    """All vans: moved together, heard one by one."""

    def __init__(self, moving: platoon.Platoon, lit: Lit, *, first_number: int) -> None:
        self._moving = moving
        self.vans = {unit.device: Van(unit, lit, first_number=first_number) for unit in moving.units}

    def tick(self, since_s: float, time: dt.datetime) -> None:
        """Let time pass, then write what the receivers see."""
        report = self._moving.report(since_s)
        for i, unit in enumerate(report.units):
            self.vans[unit.device].tell(_epoch(report.sight, i, time), self._moving.movers.time_s)

    def close(self) -> None:
        """Hang up all lines."""
        for van in self.vans.values():
            van.line.close()


def _epoch(sight: receivers.Sight, i: int, time: dt.datetime) -> nmea_writer.Epoch:
    return nmea_writer.Epoch(
        time=time,
        lat=float(sight.lat[i]) if sight.has_fix[i] else None,
        lon=float(sight.lon[i]),
        alt_m=float(sight.alt_m[i]),
        speed_mps=float(sight.speed_mps[i]),
        course_deg=float(sight.course_deg[i]),
        hdop=float(sight.hdop[i]),
        satellites=int(sight.satellites[i]),
        mode=int(sight.mode[i]),
    )

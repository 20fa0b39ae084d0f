"""What each sentence type says about its epoch. A void one says nothing, however plausible its position.

Fields are numbered as in NMEA 0183, the address being 0. Each reader merges one sentence into an epoch.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway import fields as field
from gateway.epoch import Epoch, Rank

_GGA_VALID = b"12345679"  # 0 is no fix, 8 a simulator
_GGA_NO_FIX, _GGA_ESTIMATED, _GGA_SIMULATOR = b"0", b"6", b"8"
_VALID = (b"A", b"D")  # status; D (differential) is an old habit that gpsd takes for valid too
_NO_FIX, _ESTIMATED, _SIMULATOR = b"N", b"E", b"S"  # mode indicators of NMEA 2.3 and later
_ASHTECH_VALID = (b"0", b"1", b"2", b"3")  # autonomous, differential, RTK float, RTK fixed; blank: no fix
_GSA_LENGTHS = (18, 19)  # the 19th is the system of NMEA 4.11


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read a sentence type: the field of its time (None: it has none) and what to do with the rest."""

    time_field: int | None
    fewest_fields: int
    read: Callable[[list[bytes], Epoch], None]


def _read_rmc(fields: list[bytes], epoch: Epoch) -> None:
    mode = fields[12] if len(fields) > 12 else b""  # noqa: PLR2004
    epoch.simulated |= mode == _SIMULATOR
    if fields[2] not in _VALID:
        epoch.denied = True
        return
    if epoch.rank < Rank.RMC:
        position = field.position(fields, 3)
        if position is None:
            return
        epoch.place(Rank.RMC, position)
        epoch.doubtful = mode == _NO_FIX  # against its own status
    epoch.speed_mps = field.speed_mps(fields[7], field.KNOT_MPS)
    epoch.course_deg = field.course_deg(fields[8])
    day = field.day_of_ddmmyy(fields[9])
    epoch.day = epoch.day if day is None else day


def _read_gga(fields: list[bytes], epoch: Epoch) -> None:
    quality = fields[6][:1]
    epoch.simulated |= quality == _GGA_SIMULATOR
    epoch.denied |= quality == _GGA_NO_FIX
    if quality and quality in _GGA_VALID:
        epoch.doubtful = quality == _GGA_ESTIMATED
        _merge_quality(fields, epoch)


def _read_gns(fields: list[bytes], epoch: Epoch) -> None:
    modes = set(fields[6]) - set(_NO_FIX)  # one letter for each satellite system
    epoch.simulated |= modes == set(_SIMULATOR)
    if modes and not epoch.simulated:
        epoch.doubtful = modes == set(_ESTIMATED)
        _merge_quality(fields, epoch)


def _merge_quality(fields: list[bytes], epoch: Epoch) -> None:
    # GGA and GNS have these in the same places.
    satellites = field.satellites(fields[7])
    if epoch.rank is Rank.GGA and (satellites or 0) <= (epoch.satellites or 0):
        return  # a second system's report of the same second, from fewer satellites
    position = field.position(fields, 2)
    if position is None:
        return
    epoch.place(Rank.GGA, position)
    epoch.satellites = satellites
    epoch.hdop = field.dilution(fields[8]) or epoch.hdop
    altitude = field.altitude_m(fields[9])
    epoch.alt_m = epoch.alt_m if altitude is None else altitude


def _read_gll(fields: list[bytes], epoch: Epoch) -> None:
    mode = fields[7] if len(fields) > 7 else b""  # noqa: PLR2004
    epoch.simulated |= mode == _SIMULATOR
    if fields[6] != b"A":
        epoch.denied = True
    elif epoch.rank is Rank.NONE:
        position = field.position(fields, 1)
        if position is not None:
            epoch.place(Rank.GLL, position)
            epoch.doubtful = mode == _NO_FIX


def _read_vtg(fields: list[bytes], epoch: Epoch) -> None:
    if fields[2] != b"T":  # before NMEA 2.0 the units were not written
        speed, course = field.speed_mps(fields[3], field.KNOT_MPS), fields[1]
    else:
        if len(fields) < 9 or (len(fields) > 9 and fields[9] == _NO_FIX):  # noqa: PLR2004
            return
        knots = field.speed_mps(fields[5], field.KNOT_MPS)
        speed, course = field.speed_mps(fields[7], field.KMH_MPS) if knots is None else knots, fields[1]
    epoch.vtg_speed_mps = speed
    epoch.vtg_course_deg = field.course_deg(course)


def _read_gsa(fields: list[bytes], epoch: Epoch) -> None:
    # One sentence for each satellite system: the best mode counts, the dilution is of the whole solution.
    epoch.gsa_mode = max(epoch.gsa_mode, int(fields[2]) if fields[2] in (b"1", b"2", b"3") else 0)
    if len(fields) in _GSA_LENGTHS:
        epoch.gsa_hdop = field.dilution(fields[16]) or epoch.gsa_hdop


def _read_ashtech(fields: list[bytes], epoch: Epoch) -> None:
    # `$PASHR,POS` of Ashtech and Magellan boards. Its altitude is above the ellipsoid, and its speed is in knots or in km/h
    # depending on whom you ask (gpsd: km/h), so neither is taken.
    if fields[2] not in _ASHTECH_VALID:
        epoch.denied = True
        return
    position = field.position(fields, 5)
    if position is None:
        return
    if epoch.rank is Rank.NONE:
        epoch.place(Rank.GLL, position)
        epoch.satellites = field.satellites(fields[3])
        epoch.hdop = field.dilution(fields[15])
    epoch.vtg_course_deg = field.course_deg(fields[11])


READERS = {
    b"RMC": Reader(1, 10, _read_rmc),
    b"GGA": Reader(1, 10, _read_gga),
    b"GNS": Reader(1, 10, _read_gns),
    b"GLL": Reader(5, 7, _read_gll),
    b"VTG": Reader(None, 5, _read_vtg),
    b"GSA": Reader(None, 3, _read_gsa),
}
ASHTECH, ASHTECH_POSITION = b"PASHR", b"POS"
ASHTECH_READER = Reader(4, 16, _read_ashtech)
"""The one sentence of a maker that is read: some of its receivers send no other position, and gpsd takes it too."""

"""What a GNSS receiver with an NMEA 0183 output writes each second: RMC, GGA and GSA, written by pynmea2."""

import datetime as dt
import math
from dataclasses import dataclass

import pynmea2

_KNOT_MPS = 1852.0 / 3600.0
_TALKER = "GN"
#: Geoid above the ellipsoid in Helsinki.
_GEOID_M = 17.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What a receiver knows at one instant; `lat` None where it has no fix."""

    time: dt.datetime
    lat: float | None
    lon: float
    alt_m: float
    speed_mps: float
    course_deg: float
    hdop: float
    satellites: int
    mode: int


def sentences(epoch: Epoch) -> bytes:
    """Write the sentences of one epoch, checksums and line ends included."""
    written = (_rmc(epoch), _gga(epoch), _gsa(epoch))
    return b"".join(f"{sentence}\r\n".encode("ascii") for sentence in written)


def _rmc(epoch: Epoch) -> pynmea2.RMC:
    clock, date = _clock(epoch.time), f"{epoch.time:%d%m%y}"
    if epoch.lat is None:
        return pynmea2.RMC(_TALKER, "RMC", (clock, "V", "", "", "", "", "", "", date, "", "", "N"))
    course = "" if math.isnan(epoch.course_deg) else f"{epoch.course_deg:.1f}"
    knots = f"{epoch.speed_mps / _KNOT_MPS:.2f}"
    return pynmea2.RMC(_TALKER, "RMC", (clock, "A", *_place(epoch.lat, epoch.lon), knots, course, date, "", "", "A"))


def _gga(epoch: Epoch) -> pynmea2.GGA:
    clock = _clock(epoch.time)
    if epoch.lat is None:
        return pynmea2.GGA(_TALKER, "GGA", (clock, "", "", "", "", "0", "00", "99.9", "", "M", "", "M", "", ""))
    quality = (
        "1",
        f"{epoch.satellites:02d}",
        f"{epoch.hdop:.1f}",
        f"{epoch.alt_m:.1f}",
        "M",
        f"{_GEOID_M:.1f}",
        "M",
        "",
        "",
    )
    return pynmea2.GGA(_TALKER, "GGA", (clock, *_place(epoch.lat, epoch.lon), *quality))


def _gsa(epoch: Epoch) -> pynmea2.GSA:
    if epoch.lat is None:
        return pynmea2.GSA(_TALKER, "GSA", ("A", "1", *[""] * 12, "99.9", "99.9", "99.9"))
    used = [f"{number:02d}" for number in range(1, min(epoch.satellites, 12) + 1)]
    dilution = (f"{epoch.hdop * 1.6:.1f}", f"{epoch.hdop:.1f}", f"{epoch.hdop * 1.25:.1f}")
    return pynmea2.GSA(_TALKER, "GSA", ("A", str(epoch.mode), *used, *[""] * (12 - len(used)), *dilution))


def _clock(time: dt.datetime) -> str:
    return f"{time:%H%M%S}.{time.microsecond // 10_000:02d}"


def _place(lat: float, lon: float) -> tuple[str, str, str, str]:
    """Degrees and minutes with five decimals: two centimetres."""
    return _minutes(lat, 2), "N" if lat >= 0 else "S", _minutes(lon, 3), "E" if lon >= 0 else "W"


def _minutes(degrees: float, width: int) -> str:
    hundred_thousandths = round(abs(degrees) * 60 * 100_000)
    whole, rest = divmod(hundred_thousandths, 60 * 100_000)
    return f"{whole:0{width}d}{rest / 100_000:08.5f}"

"""From gpsd's JSON reports (gpsd_json(5)) to fixes: TPV with the dilution of the SKY before it.

It has the outward form of `nmea.Assembler`, so that a receiver reads either. Memory is constant, and no byte makes it raise.
"""

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Any

from domain import geo, telemetry
from gateway import nmea

_LONGEST_LINE = 1 << 16
_SIMULATED = 8  # TPV.status
_FULL_TURN_DEG = 360.0
_HIGHEST_DILUTION = 99.0


@dataclass(slots=True)
class _Lines:
    """What stands where a framer's counts are read."""

    good: int = 0
    bad_checksum: int = 0  #: never: gpsd has checked them
    no_checksum: int = 0
    broken: int = 0


class Reports:
    """Reads one connection."""

    def __init__(self) -> None:
        self.lines = _Lines()
        self.counts = nmea.Counts()
        self._rest = b""
        self._sky: dict[str, tuple[float | None, int | None]] = {}
        self._last: dt.datetime | None = None

    def restart(self) -> None:
        """Forget half a line of the connection before."""
        self._rest = b""

    def feed(self, data: bytes) -> list[telemetry.Fix]:
        """Give the fixes that these bytes complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
            self.lines.broken += 1
        fixes = [self._report(line) for line in lines if line.strip()]
        return [fix for fix in fixes if fix is not None]

    def _report(self, line: bytes) -> telemetry.Fix | None:
        try:
            report = json.loads(line)
        except (ValueError, RecursionError):
            report = None
        if not isinstance(report, dict) or not isinstance(report.get("class"), str):
            self.lines.broken += 1
            return None
        self.lines.good += 1
        if report["class"] == "SKY":
            self._take_sky(report)
        return self._fix(report) if report["class"] == "TPV" else None

    def _take_sky(self, report: dict[str, Any]) -> None:
        hdop = _number(report, "hdop")
        used = _number(report, "uSat")
        satellites = report.get("satellites")
        if used is None and isinstance(satellites, list):
            used = sum(1 for each in satellites if isinstance(each, dict) and each.get("used") is True)
        known = hdop if hdop is not None and 0 < hdop < _HIGHEST_DILUTION else None
        # One receiver for each port: a second of the same gpsd replaces it.
        self._sky = {_device(report): (known, None if used is None else int(used))}

    def _fix(self, report: dict[str, Any]) -> telemetry.Fix | None:
        mode, time, position = report.get("mode"), _time(report), _position(report)
        if mode not in (2, 3) or isinstance(mode, float) or position is None:
            self.counts.void += 1
            return None
        if report.get("status") == _SIMULATED:
            self.counts.simulated += 1
            return None
        if time is None:
            self.counts.undated += 1
            return None
        if time == self._last:
            self.counts.late += 1
            return None
        self._last = time
        self.counts.fixes += 1
        return self._made(report, telemetry.FixMode(mode), time, position)

    def _made(
        self, report: dict[str, Any], mode: telemetry.FixMode, time: dt.datetime, position: geo.Position
    ) -> telemetry.Fix:
        hdop, satellites = self._sky.get(_device(report), (None, None))
        is_three_d = mode is telemetry.FixMode.THREE_D
        alt_m = _number(report, "altMSL")
        return telemetry.Fix(
            time=time,
            position=position,
            mode=mode,
            alt_m=(_number(report, "alt") if alt_m is None else alt_m) if is_three_d else None,
            speed_mps=_within(_number(report, "speed"), math.inf),
            course_deg=_within(_number(report, "track"), _FULL_TURN_DEG),
            hdop=hdop,
            satellites=satellites,
            accuracy_m=_within(_number(report, "eph"), math.inf),
        )


def _device(report: dict[str, Any]) -> str:
    return str(report.get("device", ""))


def _number(report: dict[str, Any], key: str) -> float | None:
    value = report.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _within(value: float | None, high: float) -> float | None:
    return value if value is not None and 0 <= value <= high else None


def _time(report: dict[str, Any]) -> dt.datetime | None:
    try:
        time = dt.datetime.fromisoformat(report["time"])
        return None if time.tzinfo is None else time.astimezone(dt.UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _position(report: dict[str, Any]) -> geo.Position | None:
    lat, lon = _number(report, "lat"), _number(report, "lon")
    try:
        return None if lat is None or lon is None else geo.Position(lat, lon)
    except geo.InvalidPositionError:
        return None

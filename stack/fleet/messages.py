"""Writes what receivers saw as payloads of the contract (docs/mqtt.md), thousands at a time.

The same bytes `domain.wire` would decode; a test holds the two together.
"""

import datetime as dt
from collections.abc import Sequence

from stack.fleet import receivers


def fixes(sight: receivers.Sight, time: dt.datetime, seq: int) -> list[str | None]:
    """One JSON object per unit, None for those without a fix at this time."""
    stamp = time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    columns = zip(
        sight.has_fix.tolist(),
        sight.lat.tolist(),
        sight.lon.tolist(),
        sight.alt_m.tolist(),
        sight.speed_mps.tolist(),
        sight.course_deg.tolist(),
        sight.hdop.tolist(),
        sight.satellites.tolist(),
        sight.mode.tolist(),
        strict=True,
    )
    written: list[str | None] = []
    for has_fix, lat, lon, alt_m, speed_mps, course_deg, hdop, satellites, mode in columns:
        # A course that is not a number is unequal to itself.
        course = f'"crs":{course_deg:.1f},' if course_deg == course_deg else ""  # noqa: PLR0124
        written.append(
            f'{{"t":"{stamp}","lat":{lat:.7f},"lon":{lon:.7f},"alt":{alt_m:.1f},"spd":{speed_mps:.2f},{course}'
            f'"hdop":{hdop},"sat":{satellites},"fix":{mode},"seq":{seq}}}'
            if has_fix
            else None
        )
    return written


def payload(written: Sequence[str]) -> bytes:
    """The fixes of one device as a message."""
    return f"[{','.join(written)}]".encode()

"""`decode`: the merged fixes of a capture as JSON lines, before any filter or correction of dates."""

import io
import json
from collections.abc import Iterator

from domain import telemetry
from domain.wire import fields as wire_fields
from gateway import capture, nmea


def lines(stream: io.BufferedReader, *, require_checksum: bool) -> Iterator[str]:
    """One JSON object for each fix of a capture."""
    assembler = nmea.Assembler(require_checksum=require_checksum)
    for data in capture.receiver_bytes(stream):
        yield from map(as_json, assembler.feed(data))
    yield from map(as_json, assembler.flush())


def as_json(fix: telemetry.Fix) -> str:
    """A fix in the format of `decode`; what is not known is null."""
    return json.dumps(
        {
            "time": wire_fields.iso_ms(fix.time),
            "lat": fix.position.lat,
            "lon": fix.position.lon,
            "alt_m": fix.alt_m,
            "speed_mps": fix.speed_mps,
            "course_deg": fix.course_deg,
            "fix_mode": int(fix.mode),
            "hdop": fix.hdop,
            "satellites": fix.satellites,
        },
    )

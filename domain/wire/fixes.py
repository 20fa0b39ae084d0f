"""The `fixes` lane: a JSON array of 1 to 500 fixes, each with its seq."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain import geo, telemetry
from domain.wire import fields

MOST_FIXES = 500
HIGHEST_SEQ = 2**63 - 1
ALT_RANGE_M = (-12_000.0, 100_000.0)
SPEED_RANGE_MPS = (0.0, 600.0)
COURSE_RANGE_DEG = (0.0, 360.0)
HDOP_RANGE = (0.0, 1_000.0)
SATELLITES_RANGE = (0, 255)
ACCURACY_RANGE_M = (0.0, 1_000_000.0)
ODOMETER_RANGE_M = (0.0, 1e10)
EARLIEST = dt.datetime(1980, 1, 6, tzinfo=dt.UTC)  # GPS week 0
LATEST = dt.datetime(2262, 1, 1, tzinfo=dt.UTC)  # what 64 bits of nanoseconds hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A fix with its place in the device's sequence."""

    seq: int
    fix: telemetry.Fix


@dataclass(frozen=True, slots=True, kw_only=True)
class BadElement:
    """An element of the array that could not be read, and why; the others count."""

    index: int
    seq: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one payload held."""

    fixes: tuple[Numbered, ...]
    bad: tuple[BadElement, ...]


def encode(numbered: Iterable[Numbered]) -> bytes:
    """Write the payload of 1 to 500 fixes.

    Raises:
        WireError: none, or too many.
    """
    records = [{**encode_fix(item.fix), "seq": item.seq} for item in numbered]
    if not 1 <= len(records) <= MOST_FIXES:
        raise fields.WireError(f"{len(records)} fixes in a payload; 1 to {MOST_FIXES} are allowed")
    return fields.dump(records)


def decode(payload: bytes) -> Decoded:
    """Read a payload; an element that is wrong is told beside the good ones.

    Raises:
        WireError: the payload is no JSON array of 1 to 500 elements.
    """
    records = fields.load(payload)
    if not isinstance(records, list):
        raise fields.WireError("fixes are not an array")
    if not 1 <= len(records) <= MOST_FIXES:
        raise fields.WireError(f"{len(records)} fixes in a payload; 1 to {MOST_FIXES} are allowed")
    good: list[Numbered] = []
    bad: list[BadElement] = []
    for index, record in enumerate(records):
        try:
            element = fields.require_object(record, "fix")
            seq = fields.required_integer(element, "seq", 0, HIGHEST_SEQ)
            good.append(Numbered(seq=seq, fix=decode_fix(element)))
        except fields.WireError as error:
            bad.append(BadElement(index=index, seq=_seq_of(record), reason=str(error)))
    return Decoded(fixes=tuple(good), bad=tuple(bad))


def encode_fix(fix: telemetry.Fix) -> dict[str, Any]:
    """One fix as its JSON object, without a seq; what is unknown is left out."""
    return fields.drop_none(
        {
            "t": fields.iso_ms(fix.time),
            "lat": fix.position.lat,
            "lon": fix.position.lon,
            "alt": fix.alt_m,
            "spd": fix.speed_mps,
            "crs": fix.course_deg,
            "hdop": fix.hdop,
            "sat": fix.satellites,
            "acc": fix.accuracy_m,
            "odo": fix.odometer_m,
            "fix": int(fix.mode),
        },
    )


def decode_fix(record: Mapping[str, Any]) -> telemetry.Fix:
    """Read one fix.

    Raises:
        WireError: it names the first field at fault.
    """
    time = fields.time(record, "t")
    if not EARLIEST <= time < LATEST:
        raise fields.WireError(f"t {time.isoformat()} is not a date of GPS")
    mode = fields.required_integer(record, "fix", 2, 3)
    return telemetry.Fix(
        time=time,
        position=geo.Position(
            fields.required_number(record, "lat", -geo.LAT_LIMIT_DEG, geo.LAT_LIMIT_DEG),
            fields.required_number(record, "lon", -geo.LON_LIMIT_DEG, geo.LON_LIMIT_DEG),
        ),
        mode=telemetry.FixMode(mode),
        alt_m=fields.number(record, "alt", *ALT_RANGE_M),
        speed_mps=fields.number(record, "spd", *SPEED_RANGE_MPS),
        course_deg=fields.number(record, "crs", *COURSE_RANGE_DEG),
        hdop=fields.number(record, "hdop", *HDOP_RANGE),
        satellites=fields.integer(record, "sat", *SATELLITES_RANGE),
        accuracy_m=fields.number(record, "acc", *ACCURACY_RANGE_M),
        odometer_m=fields.number(record, "odo", *ODOMETER_RANGE_M),
    )


def _seq_of(record: Any) -> int | None:
    # A bad fix with a readable seq is acknowledged all the same: it is kept among the rejects, and sent again it is no better.
    seq = record.get("seq") if isinstance(record, dict) else None
    return seq if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= HIGHEST_SEQ else None

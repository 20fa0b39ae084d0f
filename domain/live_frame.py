"""The binary delta frame on `driveops/out/{tenant}/live`: every unit of a tenant that changed in one tick.

Little-endian. Header: magic `DL`, version u8, reserved u8, tick in Unix ms u64, count u32. Then columns, each of `count`
values: device id u32; latitude and longitude i32 in 1e-7 degrees; fix time as i32 ms before the tick (clamped); speed u16
in cm/s and course u16 in 1/100 degree, 65535 where unknown; flags u8 (bit 0 moving, bit 1 3D fix).
"""

import datetime as dt
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from domain import errors, geo

MAGIC = b"DL"
VERSION = 1
HEADER = struct.Struct("<2sBBQI")
COLUMNS = ("I", "i", "i", "i", "H", "H", "B")
BYTES_A_UNIT = struct.calcsize("<" + "".join(COLUMNS))
DEGREE_SCALE = 1e7
UNKNOWN_U16 = 65535
MOVING_BIT = 1
THREE_D_BIT = 2
_AGE_LIMIT_MS = 2**31 - 1


class FrameError(errors.DomainError):
    """Bytes are not a delta frame of a known version."""

    code = "bad_frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit's newest position in a frame."""

    device_id: int
    position: geo.Position
    time: dt.datetime
    speed_mps: float | None
    course_deg: float | None
    moving: bool
    three_d: bool


def encode(tick: dt.datetime, units: Sequence[Unit]) -> bytes:
    """Write a frame; the plain reference for the vectorised writer of ingest."""
    tick_ms = _ms(tick)
    columns = (
        [unit.device_id for unit in units],
        [round(unit.position.lat * DEGREE_SCALE) for unit in units],
        [round(unit.position.lon * DEGREE_SCALE) for unit in units],
        [max(-_AGE_LIMIT_MS, min(_AGE_LIMIT_MS, tick_ms - _ms(unit.time))) for unit in units],
        [_scaled(unit.speed_mps) for unit in units],
        [_scaled(unit.course_deg) for unit in units],
        [MOVING_BIT * unit.moving | THREE_D_BIT * unit.three_d for unit in units],
    )
    body = b"".join(struct.pack(f"<{len(units)}{code}", *col) for code, col in zip(COLUMNS, columns, strict=True))
    return HEADER.pack(MAGIC, VERSION, 0, tick_ms, len(units)) + body


def decode(frame: bytes) -> tuple[dt.datetime, list[Unit]]:
    """Read a frame.

    Raises:
        FrameError: another magic, version or length.
    """
    if len(frame) < HEADER.size:
        raise FrameError(f"a frame of {len(frame)} bytes is shorter than its header")
    magic, version, _, tick_ms, count = HEADER.unpack_from(frame)
    if magic != MAGIC or version != VERSION or len(frame) != HEADER.size + count * BYTES_A_UNIT:
        raise FrameError(
            f"not a version {VERSION} frame: {magic!r}, version {version}, {count} units, {len(frame)} bytes"
        )
    columns = []
    offset = HEADER.size
    for code in COLUMNS:
        columns.append(struct.unpack_from(f"<{count}{code}", frame, offset))
        offset += count * struct.calcsize("<" + code)
    return _time(tick_ms), [_unit(tick_ms, *values) for values in zip(*columns, strict=True)]


def _unit(tick_ms: int, device_id: int, lat: int, lon: int, age_ms: int, speed: int, course: int, flags: int) -> Unit:
    return Unit(
        device_id=device_id,
        position=geo.Position(lat / DEGREE_SCALE, lon / DEGREE_SCALE),
        time=_time(tick_ms - age_ms),
        speed_mps=_unscaled(speed),
        course_deg=_unscaled(course),
        moving=bool(flags & MOVING_BIT),
        three_d=bool(flags & THREE_D_BIT),
    )


def _ms(time: dt.datetime) -> int:
    return round(time.timestamp() * 1000)


def _time(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


def _scaled(value: float | None) -> int:
    return UNKNOWN_U16 if value is None else min(UNKNOWN_U16 - 1, round(value * 100))


def _unscaled(value: int) -> float | None:
    return None if value == UNKNOWN_U16 else value / 100

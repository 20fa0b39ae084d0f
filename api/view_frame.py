"""The binary frame to browsers: what a socket's view holds, or what has changed in it.

Little-endian. Header of 64 bytes: magic `DV`, version u8, kind u8 (0 snapshot: replaces all; 1 delta; 2 clusters: replaces
all), tick in Unix ms u64, west, south, east and north of the box in degrees f64, count u32, removed u32, zeros to 64.
Kinds 0 and 1, columns of `count`: device id u32; x and y u16, 0 to 65535 over the box, x to the east and y to the north,
linear in degrees; course u8 in 256ths of a turn, 255 unknown; status u8 (bit 0 moving, 1 stale, 2 open alert,
3 acknowledged alert, 4-5 kind of device: 0 gateway, 1 tracker, 2 phone); age of the fix u8 in s, 254 that or more,
255 unknown. Then `removed` ids u32: they left the view or went away.
Kind 2, columns of `count`: x and y u16; units u32; moving ones u32; those with an unresolved alert u16.
East may pass 180 where the view does.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC, VERSION = b"DV", 1
HEADER = struct.Struct("<2sBBQ4dII12x")
BYTES_A_UNIT = 11
BYTES_A_CLUSTER = 14
UNKNOWN_COURSE = UNKNOWN_AGE = 255
_MOST_AGE_S = 254
_STEPS = 65_535
_TURN_DEG, _TURN_STEPS = 360.0, 256
_MOST_ALERTS = 65_535
KIND_SHIFT = 4

Columns = npt.NDArray[Any]


class Kind(IntEnum):
    """What a frame is."""

    SNAPSHOT = 0
    DELTA = 1
    CLUSTERS = 2


class Status(IntFlag):
    """Bits of a unit's status; its kind of device stands above them."""

    MOVING = 1
    STALE = 2
    OPEN_ALERT = 4
    ACKNOWLEDGED_ALERT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of the world in degrees; `east` is greater than `west`, past 180 where it must be."""

    west: float
    south: float
    east: float
    north: float

    def padded(self, share: float) -> "Box":
        """With a margin on each side of this share of its size; never more than once around the world."""
        wide, high = (self.east - self.west) * share, (self.north - self.south) * share
        west, east = self.west - wide, self.east + wide
        if east - west >= _TURN_DEG:
            west, east = -180.0, 180.0
        return Box(west=west, south=max(-90.0, self.south - high), east=east, north=min(90.0, self.north + high))

    def holds(self, lat: Columns, lon: Columns) -> npt.NDArray[np.bool_]:
        """Which of these places lie in it; NaN lies nowhere."""
        inside: npt.NDArray[np.bool_] = (lat >= self.south) & (lat <= self.north)
        inside &= self._east_of_west(lon) <= self.east - self.west
        return inside

    def steps(self, lat: Columns, lon: Columns) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
        """Places as x and y."""
        wide = self._east_of_west(lon)
        x = np.rint(wide / (self.east - self.west) * _STEPS).astype("<u2")
        y = np.rint((lat - self.south) / (self.north - self.south) * _STEPS).astype("<u2")
        return x, y

    def _east_of_west(self, lon: Columns) -> Columns:
        # 180° of a whole-world box would be its western edge by the remainder alone: both are the same meridian.
        return np.asarray(np.mod(lon - self.west, _TURN_DEG))


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Columns of units; all are of one length and lie in the box."""

    ids: Columns
    lat: Columns
    lon: Columns
    course_deg: Columns  #: NaN where unknown
    status: Columns  #: as in the frame
    age_s: Columns  #: NaN where unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Columns of clusters; all are of one length and lie in the box."""

    lat: Columns
    lon: Columns
    units: Columns
    moving: Columns
    alerts: Columns


def encode_units(kind: Kind, tick_ms: int, box: Box, units: Units, removed: Columns) -> bytes:
    """Write a snapshot, whose `removed` are none, or a delta."""
    x, y = box.steps(units.lat, units.lon)
    columns = (
        units.ids.astype("<u4"),
        x,
        y,
        _courses(units.course_deg),
        units.status.astype("u1"),
        _ages(units.age_s),
        removed.astype("<u4"),
    )
    return _header(kind, tick_ms, box, len(units.ids), len(removed)) + b"".join(c.tobytes() for c in columns)


def encode_clusters(tick_ms: int, box: Box, clusters: Clusters) -> bytes:
    """Write clusters."""
    x, y = box.steps(clusters.lat, clusters.lon)
    alerts = np.minimum(clusters.alerts, _MOST_ALERTS).astype("<u2")
    columns = (x, y, clusters.units.astype("<u4"), clusters.moving.astype("<u4"), alerts)
    return _header(Kind.CLUSTERS, tick_ms, box, len(clusters.units), 0) + b"".join(c.tobytes() for c in columns)


def _header(kind: Kind, tick_ms: int, box: Box, count: int, removed: int) -> bytes:
    return HEADER.pack(MAGIC, VERSION, kind, tick_ms, box.west, box.south, box.east, box.north, count, removed)


def _courses(course_deg: Columns) -> npt.NDArray[np.uint8]:
    known = ~np.isnan(course_deg)
    steps = np.rint(np.where(known, course_deg, 0.0) / _TURN_DEG * _TURN_STEPS).astype(np.int64) % _TURN_STEPS
    # 255 is taken: the courses nearest to it, 1.4° short of north, are told as 254.
    return np.where(known, np.minimum(steps, UNKNOWN_COURSE - 1), UNKNOWN_COURSE).astype("u1")


def _ages(age_s: Columns) -> npt.NDArray[np.uint8]:
    known = ~np.isnan(age_s)
    whole = np.clip(np.where(known, age_s, 0.0), 0, _MOST_AGE_S)
    return np.where(known, whole, UNKNOWN_AGE).astype("u1")

"""The fast twin of `domain.wire.fixes.decode`: many payloads at once, into numpy records.

msgspec takes what follows the contract to the letter. Whatever it refuses, and any time in another than the usual form,
goes through the plain reference, so that a bad element is told by its words and the good ones beside it count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from db import fix_rows
from domain.wire import fields, fixes
from ingest import iso_times

ROW_FIELDS = [
    *fix_rows.FIX_FIELDS,
    ("message", "i4"),  # index of the payload in its batch
    ("slot", "i4"),  # the device's place in the registry of this process
]


class _Fix(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    t: str
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    fix: Annotated[int, msgspec.Meta(ge=2, le=3)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=fixes.HIGHEST_SEQ)]
    alt: Annotated[float, msgspec.Meta(ge=fixes.ALT_RANGE_M[0], le=fixes.ALT_RANGE_M[1])] | None = None
    spd: Annotated[float, msgspec.Meta(ge=0, le=fixes.SPEED_RANGE_MPS[1])] | None = None
    crs: Annotated[float, msgspec.Meta(ge=0, le=fixes.COURSE_RANGE_DEG[1])] | None = None
    hdop: Annotated[float, msgspec.Meta(ge=0, le=fixes.HDOP_RANGE[1])] | None = None
    sat: Annotated[int, msgspec.Meta(ge=0, le=fixes.SATELLITES_RANGE[1])] | None = None
    acc: Annotated[float, msgspec.Meta(ge=0, le=fixes.ACCURACY_RANGE_M[1])] | None = None
    odo: Annotated[float, msgspec.Meta(ge=0, le=fixes.ODOMETER_RANGE_M[1])] | None = None


_DECODER = msgspec.json.Decoder(Annotated[list[_Fix], msgspec.Meta(min_length=1, max_length=fixes.MOST_FIXES)])


@dataclass(frozen=True, slots=True, kw_only=True)
class BadPayload:
    """A payload that is wrong as a whole or in some elements, and the readable numbers of these."""

    message: int
    reason: str
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The good fixes of a batch in the order of arrival within each payload, and the payloads that had bad ones."""

    rows: fix_rows.FixRows
    bad: list[BadPayload] = field(default_factory=list)


def decode(payloads: Sequence[bytes]) -> Decoded:
    """Read a batch of payloads; `message` of each row is the index of its payload."""
    structs: list[_Fix] = []
    counts = np.zeros(len(payloads), np.int64)
    suspects: list[int] = []
    decode_one = _DECODER.decode
    for index, payload in enumerate(payloads):
        try:
            elements = decode_one(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            suspects.append(index)
            continue
        counts[index] = len(elements)
        structs += elements
    rows, odd = _to_rows(structs, np.repeat(np.arange(len(payloads), dtype=np.int32), counts))
    if len(odd):
        rows = rows[~np.isin(rows["message"], odd)]
        suspects += odd.tolist()
    if not suspects:
        return Decoded(rows=rows)
    return _with_reference(rows, payloads, suspects)


def _to_rows(structs: Sequence[_Fix], message: npt.NDArray[np.int32]) -> tuple[fix_rows.FixRows, npt.NDArray[np.int32]]:
    """The records, and the messages with a time that must go through the reference."""
    rows = np.zeros(len(structs), np.dtype(ROW_FIELDS))
    if not structs:
        return rows, np.zeros(0, np.int32)
    time_us, usual = iso_times.parse([fix.t for fix in structs])
    rows["time_us"] = time_us
    rows["lat"] = [fix.lat for fix in structs]
    rows["lon"] = [fix.lon for fix in structs]
    rows["seq"] = [fix.seq for fix in structs]
    rows["fix_mode"] = [fix.fix for fix in structs]
    rows["alt_m"] = np.array([fix.alt for fix in structs], np.float64)
    rows["speed_mps"] = np.array([fix.spd for fix in structs], np.float64)
    rows["course_deg"] = np.array([fix.crs for fix in structs], np.float64)
    rows["hdop"] = np.array([fix.hdop for fix in structs], np.float64)
    rows["accuracy_m"] = np.array([fix.acc for fix in structs], np.float64)
    rows["odometer_m"] = np.array([fix.odo for fix in structs], np.float64)
    rows["satellites"] = [fix_rows.NO_SATELLITES if fix.sat is None else fix.sat for fix in structs]
    rows["message"] = message
    return rows, np.unique(message[~usual])


def _with_reference(rows: fix_rows.FixRows, payloads: Sequence[bytes], suspects: Iterable[int]) -> Decoded:
    bad: list[BadPayload] = []
    parts = [rows]
    for index in suspects:
        try:
            decoded = fixes.decode(payloads[index])
        except fields.WireError as error:
            bad.append(BadPayload(message=index, reason=str(error)))
            continue
        parts.append(_reference_rows(decoded.fixes, index))
        if decoded.bad:
            reason = "; ".join(f"element {element.index}: {element.reason}" for element in decoded.bad)
            seqs = tuple(element.seq for element in decoded.bad if element.seq is not None)
            bad.append(BadPayload(message=index, reason=reason, seqs=seqs))
    return Decoded(rows=np.concatenate(parts), bad=bad)


def _reference_rows(numbered: Sequence[fixes.Numbered], message: int) -> fix_rows.FixRows:
    rows = fix_rows.empty(len(numbered), ROW_FIELDS)
    rows["message"] = message
    for row, item in zip(rows, numbered, strict=True):
        fix = item.fix
        row["time_us"] = iso_times.unix_us(fix.time)
        row["lat"], row["lon"] = fix.position.lat, fix.position.lon
        row["seq"], row["fix_mode"] = item.seq, fix.mode
        told = {
            "alt_m": fix.alt_m,
            "speed_mps": fix.speed_mps,
            "course_deg": fix.course_deg,
            "hdop": fix.hdop,
            "accuracy_m": fix.accuracy_m,
            "odometer_m": fix.odometer_m,
            "satellites": fix.satellites,
        }
        for name, value in told.items():
            if value is not None:
                row[name] = value
    return rows

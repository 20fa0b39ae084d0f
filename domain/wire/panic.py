"""The `panic` lane. A press from a device never fails (R44): whatever is wrong with it is remarked on, and it counts."""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from domain import telemetry
from domain.wire import fields, fixes

LONGEST_FOB = 64
UNKNOWN_FOB = "unknown"
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # where a clock that was never set begins
LATEST = fixes.LATEST
LONGEST_FIX_AGE_S = 10 * 365 * 86_400.0
_PRESS_NAMESPACE = uuid.UUID("6b1d5f0e-2a44-5c0c-9d3f-6f6a1f0f5d11")

T = TypeVar("T")


def encode(press: telemetry.Press) -> bytes:
    """Write the payload of one press."""
    return fields.dump(
        fields.drop_none(
            {
                "id": str(press.id),
                "t": fields.iso_ms(press.time),
                "clock": str(press.clock),
                "fob": press.fob,
                "kind": str(press.kind),
                "bat": press.battery_pct,
                "fix_age_s": press.fix_age_s,
                "seq": press.seq,
            },
        )
        | {"fix": None if press.fix is None else fixes.encode_fix(press.fix)},
    )


def decode(payload: bytes, *, origin: str, received_at: dt.datetime) -> telemetry.Press:
    """Read one press, and put a remark in place of every field that is missing or wrong.

    An unreadable id becomes one derived from `origin` (the topic) and the payload, so that a redelivery still counts once;
    an unreadable time becomes `received_at` with the clock unset; an unreadable kind is a press.

    Raises:
        WireError: not even a JSON object.
    """
    record = fields.require_object(fields.load(payload), "press")
    remarks: list[str] = []
    press_id = _or_remark(remarks, lambda: _uuid(record), _derived_id(origin, payload))
    time = _or_remark(remarks, lambda: _time(record), None)
    clock = _or_remark(remarks, lambda: telemetry.Clock(_word(record, "clock")), telemetry.Clock.UNSET)
    return telemetry.Press(
        id=press_id,
        time=time or received_at,
        clock=clock if time else telemetry.Clock.UNSET,
        fob=_or_remark(remarks, lambda: _word(record, "fob"), UNKNOWN_FOB),
        kind=_or_remark(remarks, lambda: telemetry.PressKind(_word(record, "kind")), telemetry.PressKind.PRESS),
        seq=_or_remark(remarks, lambda: fields.required_integer(record, "seq", 0, fixes.HIGHEST_SEQ), 0),
        battery_pct=_or_remark(remarks, lambda: fields.number(record, "bat", 0.0, 100.0), None),
        fix=_or_remark(remarks, lambda: _fix(record), None),
        fix_age_s=_or_remark(remarks, lambda: fields.number(record, "fix_age_s", 0.0, LONGEST_FIX_AGE_S), None),
        remarks=tuple(remarks),
    )


def unreadable(payload: bytes, *, origin: str, received_at: dt.datetime, reason: str) -> telemetry.Press:
    """What a payload that isn't even an object stands for: somebody must look (R44). The same again is the same press."""
    return telemetry.Press(
        id=_derived_id(origin, payload),
        time=received_at,
        clock=telemetry.Clock.UNSET,
        fob=UNKNOWN_FOB,
        kind=telemetry.PressKind.PRESS,
        seq=0,
        remarks=(reason[:200],),
    )


def seq_of(payload: bytes) -> int | None:
    """The seq to acknowledge, None where there is none to read."""
    try:
        record = fields.require_object(fields.load(payload), "press")
        return fields.integer(record, "seq", 0, fixes.HIGHEST_SEQ)
    except fields.WireError:
        return None


def _or_remark(remarks: list[str], read: Callable[[], T], instead: T) -> T:
    try:
        return read()
    except (fields.WireError, ValueError) as error:
        remarks.append(str(error)[:200].encode("utf-8", "replace").decode().replace("\x00", ""))
        return instead


def _derived_id(origin: str, payload: bytes) -> uuid.UUID:
    return uuid.uuid5(_PRESS_NAMESPACE, f"{origin}\n{payload.hex()}")


def _time(record: Mapping[str, Any]) -> dt.datetime:
    time = fields.time(record, "t")
    if not EARLIEST <= time < LATEST:
        raise fields.WireError(f"t {time.isoformat()} is no date of a press")
    return time


def _uuid(record: Mapping[str, Any]) -> uuid.UUID:
    return uuid.UUID(_word(record, "id"))


def _word(record: Mapping[str, Any], name: str) -> str:
    value = fields.text(record, name, LONGEST_FOB)
    if value is None:
        raise fields.WireError(f"{name} is missing")
    return value


def _fix(record: Mapping[str, Any]) -> telemetry.Fix | None:
    value = record.get("fix")
    return None if value is None else fixes.decode_fix(fields.require_object(value, "fix"))

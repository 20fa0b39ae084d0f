"""The sentences of panic-button receivers.

`$PDOP,<word>,<fob>,<sequence>,<battery %>,<rssi dBm>*hh`, answered by `$PDOP,ACK,<fob>,<sequence>,<lamp>*hh`.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain import telemetry
from domain.wire import fixes, panic
from gateway import fields, sentence

ADDRESS = b"PDOP"
_ALIVE, _ACK = b"ALIVE", b"ACK"
_KINDS = {
    b"PRESS": telemetry.PressKind.PRESS,
    b"LONG": telemetry.PressKind.LONG,
    b"DOUBLE": telemetry.PressKind.DOUBLE,
    b"DOWN": telemetry.PressKind.MAN_DOWN,
    b"FALL": telemetry.PressKind.FALL,
    b"CHECKIN": telemetry.PressKind.CHECK_IN,
    b"CANCEL": telemetry.PressKind.CANCEL,
    b"TEST": telemetry.PressKind.TEST,
}
_FULL_PCT = 100.0
_RSSI_RANGE_DBM = (-300.0, 300.0)


class Lamp(StrEnum):
    """What a fob is told about its press."""

    RECEIVED = "RECEIVED"  # it is safe in the vehicle
    ACKNOWLEDGED = "ACKNOWLEDGED"  # a person has seen it
    RESOLVED = "RESOLVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One sentence of a fob."""

    kind: telemetry.PressKind | None  #: None: alive
    fob: str
    number: int | None
    battery_pct: float | None = None
    rssi_dbm: float | None = None


def read(parts: list[bytes]) -> Signal | None:
    """Read a framed sentence; None for an answer (our own, on a line that echoes) and for one without a word.

    A word that is not known is a press: a newer fob's emergency must not be missed (R44).
    """
    word = parts[1] if len(parts) > 1 else b""
    if not word or word == _ACK:
        return None
    fob, number, battery, rssi = (parts[2:6] + [b""] * 4)[:4]
    return Signal(
        kind=None if word == _ALIVE else _KINDS.get(word, telemetry.PressKind.PRESS),
        fob=fob.decode("ascii", "replace")[: panic.LONGEST_FOB] or panic.UNKNOWN_FOB,
        number=_count(number),
        battery_pct=_within(fields.number(battery), 0.0, _FULL_PCT),
        rssi_dbm=_within(fields.number(rssi), *_RSSI_RANGE_DBM),
    )


def answer(fob: str, number: int, lamp: Lamp) -> bytes:
    r"""Write what a fob is told.

    >>> answer("F1", 7, Lamp.RECEIVED)
    b'$PDOP,ACK,F1,7,RECEIVED*71\r\n'
    """
    return sentence.encode(f"PDOP,ACK,{fob},{number},{lamp}")


def _count(raw: bytes) -> int | None:
    # One that no store holds is none: the press counts all the same.
    if not raw.isdigit() or len(raw.lstrip(b"0")) > len(str(fixes.HIGHEST_SEQ)):
        return None
    count = int(raw.lstrip(b"0") or b"0")
    return count if count <= fixes.HIGHEST_SEQ else None


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None

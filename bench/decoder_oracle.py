"""A second, plain reading of what a stream of NMEA holds, to catch fixes that the decoder invents."""

import datetime as dt
import functools
import operator
import re
from collections.abc import Iterable

from domain import telemetry

_SENTENCE = re.compile(
    rb"\$((?:[A-OQ-Z0-9][A-Z0-9](?=RMC|GGA|GLL|GNS)|PA(?=SHR,POS,))"
    rb"(RMC|GGA|GLL|GNS|SHR),([^$*]*))\*([0-9A-Fa-f]{2})",
    re.DOTALL,
)
_ANY = re.compile(rb"\$([^$*\r\n]+)\*[^\r\n$]{0,2}")
_STAMP = re.compile(rb"\d{6}(\.\d*)?")
_DAY_MS = 86_400_000
_SAME_MS = 20  # one epoch's stamps differ by some; a leap second is told as the 59.984 before it


def invented(stream: bytes, fixes: Iterable[telemetry.Fix]) -> list[telemetry.Fix]:
    """The fixes at whose time of day no valid position sentence stands in the stream."""
    fixes = list(fixes)
    if not fixes:
        return []
    held = _times_ms(stream)
    return [
        fix
        for fix in fixes
        if not any((_of_day_ms(fix.time) + ms) % _DAY_MS in held for ms in range(-_SAME_MS, _SAME_MS + 1))
    ]


def repaired(stream: bytes) -> bytes:
    """The stream with right checksums, so that changed contents reach the readers."""
    return _ANY.sub(lambda match: b"$%b*%02X" % (match[1], functools.reduce(operator.xor, match[1])), stream)


def _times_ms(stream: bytes) -> set[int]:
    times = set()
    for match in _SENTENCE.finditer(stream):
        body, kind, rest, digits = match.groups()
        fields = [b"", *rest.split(b","), *[b""] * 12]
        stamp = fields[{b"GLL": 5, b"SHR": 4}.get(kind, 1)]
        if (
            functools.reduce(operator.xor, body) == int(digits, 16)
            and _is_valid(kind, fields)
            and _STAMP.fullmatch(stamp)
        ):
            seconds = int(stamp[:2]) * 3_600 + int(stamp[2:4]) * 60 + int(stamp[4:6])
            fraction_ms = 0 if stamp[4:6] == b"60" else int(stamp[7:10].ljust(3, b"0"))
            times.add((seconds * 1_000 + fraction_ms) % _DAY_MS)
    return times


def _is_valid(kind: bytes, fields: list[bytes]) -> bool:
    match kind:
        case b"RMC":
            return fields[2] in (b"A", b"D") and fields[12] != b"S"
        case b"GGA":
            return fields[6][:1] in (b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"9")
        case b"GLL":
            return fields[6] == b"A" and fields[7] != b"S"
        case b"SHR":
            return fields[2] in (b"0", b"1", b"2", b"3")
        case _:
            return bool(fields[6].strip(b"N")) and set(fields[6]) - set(b"N") != set(b"S")


def _of_day_ms(time: dt.datetime) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1_000 + time.microsecond // 1_000

"""Captures: what a receiver sent, in a file, with comment lines of the person who made it in front."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway import fields

_CHUNK_BYTES = 1 << 16
_LINE_BYTES = 4_096
_TIMED = re.compile(rb"\$[A-Z]{2}(?:(?:RMC|GGA|GNS|ZDA),(\d{6}[\d.]*),|GLL,[^,]*,[NS]?,[^,]*,[EW]?,(\d{6}[\d.]*),)")


def receiver_bytes(stream: io.BufferedReader) -> Iterator[bytes]:
    """Give what came from the receiver, as it comes: the leading `#` lines, which may quote sentences, are passed over.

    Blank lines may stand among them.
    """
    line = stream.readline(_LINE_BYTES)
    while line.startswith(b"#") or line.isspace():
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LINE_BYTES)
        line = stream.readline(_LINE_BYTES)
    if line:
        yield line
    while data := stream.read1(_CHUNK_BYTES):
        yield data


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What a receiver sends in one go, and how long after the burst before."""

    after_s: float
    data: bytes


def bursts(content: bytes, *, longest_pause_s: float) -> Iterator[Burst]:
    """Cut a capture where its sentences' time of day changes; longer pauses are shortened to `longest_pause_s`."""
    start, shown_ms, pause_s = 0, None, 0.0
    for match in _TIMED.finditer(content):
        time_ms = fields.time_of_day_ms(match[1] or match[2])
        if time_ms is None or (shown_ms is not None and abs(time_ms - shown_ms) <= fields.SAME_EPOCH_MS):
            continue
        if shown_ms is not None:
            yield Burst(after_s=pause_s, data=content[start : match.start()])
            start = match.start()
            pause_s = min((time_ms - shown_ms) % fields.DAY_MS / 1_000, longest_pause_s)
        shown_ms = time_ms
    yield Burst(after_s=pause_s, data=content[start:])

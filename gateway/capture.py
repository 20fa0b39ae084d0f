"""Captures: what a receiver sent, in a file, with comment lines of the person who made it in front."""

import io
from collections.abc import Iterator

_CHUNK_BYTES = 1 << 16
_LINE_BYTES = 4_096


def receiver_bytes(stream: io.BufferedReader) -> Iterator[bytes]:
    """Give what came from the receiver, as it comes: the leading `#` lines, which may quote sentences, are passed over."""
    line = stream.readline(_LINE_BYTES)
    while line.startswith(b"#"):
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LINE_BYTES)
        line = stream.readline(_LINE_BYTES)
    if line:
        yield line
    while data := stream.read1(_CHUNK_BYTES):
        yield data

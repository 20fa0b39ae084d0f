"""Framing: bytes from a line become checked NMEA sentences.

Every `$` begins anew, so a sentence that was cut off, glued to the next or drowned in binary costs only itself. Nothing here
depends on line ends: a sentence is complete at the second digit of its checksum.
"""

import re
from dataclasses import dataclass

LONGEST_BODY = 250
"""Bytes between `$` and `*`. NMEA 0183 allows 79; receivers' own sentences run to 200."""

_BODY = rb"[\x20-\x23\x25-\x29\x2b-\x7e]"  # printable ASCII less `$` and `*`
_SENTENCE = re.compile(rb"\$(" + _BODY + rb"{0,%d})(?:\*([0-9A-Fa-f]{2}))?" % LONGEST_BODY)
_HALF_CHECKSUM = re.compile(rb"\*[0-9A-Fa-f]?")
_LINE_ENDS = b"\r\n"
_DIGITS = "0123456789abcdefABCDEF"
_VALUES = {f"{high}{low}".encode(): int(f"{high}{low}", 16) for high in _DIGITS for low in _DIGITS}


@dataclass(slots=True)
class Counts:
    """What came over a line so far."""

    good: int = 0
    bad_checksum: int = 0
    no_checksum: int = 0
    broken: int = 0  #: cut off, too long, or with bytes that no sentence has


class Framer:
    """Cuts a stream into sentences, however it arrives in pieces; keeps at most one unfinished sentence."""

    def __init__(self, *, require_checksum: bool = True) -> None:
        self.counts = Counts()
        self._require_checksum = require_checksum
        self._rest = b""

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Give the fields of each sentence that `data` completes, the address (`GPRMC`) first."""
        stream = self._rest + data
        self._rest = b""
        sentences = []
        for match in _SENTENCE.finditer(stream):
            body, digits = match.groups()
            if digits is not None:
                if checksum(body) == _VALUES[digits]:
                    self.counts.good += 1
                    sentences.append(body.split(b","))
                else:
                    self.counts.bad_checksum += 1
            elif _is_unfinished(stream, match.end()):
                self._rest = stream[match.start() :]
            elif self._ended_without_checksum(body, stream[match.end()]):
                sentences.append(body.split(b","))
        return sentences

    def _ended_without_checksum(self, body: bytes, next_byte: int) -> bool:
        if next_byte == ord("*"):
            self.counts.bad_checksum += 1  # followed by something other than two hexadecimal digits
        elif not body:
            return False  # the first of `$$`
        elif next_byte not in _LINE_ENDS:
            self.counts.broken += 1
        elif self._require_checksum:
            self.counts.no_checksum += 1
        else:
            self.counts.good += 1
            return True
        return False


def checksum(body: bytes) -> int:
    """XOR of all bytes between `$` and `*` (NMEA 0183 §5.3), by folding them as one number.

    >>> f"{checksum(b'GPGLL,5057.970,N,00146.110,E,142451,A'):02X}"
    '27'
    """
    folded = int.from_bytes(body, "big")
    if folded >> 1024:  # up to LONGEST_BODY
        folded ^= folded >> 1024
    folded ^= folded >> 512
    folded ^= folded >> 256
    folded ^= folded >> 128
    folded ^= folded >> 64
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


def encode(body: str) -> bytes:
    r"""Write a sentence with its checksum and line end.

    >>> encode("PDOP,ACK,F1,7,RECEIVED")
    b'$PDOP,ACK,F1,7,RECEIVED*71\r\n'
    """
    raw = body.encode("ascii")
    return b"$%b*%02X\r\n" % (raw, checksum(raw))


def _is_unfinished(stream: bytes, end: int) -> bool:
    return end == len(stream) or (len(stream) - end < len(b"*hh") and bool(_HALF_CHECKSUM.fullmatch(stream, end)))

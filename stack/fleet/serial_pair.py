"""A serial line without hardware: a pseudo-terminal.

One end is written as a GNSS receiver and a button's receiver do, a gateway reads the other.
"""

import asyncio
import errno
import logging
import os
import tty
from collections.abc import Callable
from dataclasses import dataclass

from domain import telemetry
from gateway import sentence

_log = logging.getLogger(__name__)
_READ_BYTES = 4096

_WORD = {
    telemetry.PressKind.PRESS: "PRESS",
    telemetry.PressKind.LONG: "LONG",
    telemetry.PressKind.DOUBLE: "DOUBLE",
    telemetry.PressKind.MAN_DOWN: "DOWN",
    telemetry.PressKind.FALL: "FALL",
    telemetry.PressKind.CHECK_IN: "CHECKIN",
    telemetry.PressKind.CANCEL: "CANCEL",
    telemetry.PressKind.TEST: "TEST",
}
_ACK_FIELDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """What the gateway tells the fob about a press: RECEIVED, ACKNOWLEDGED or RESOLVED."""

    fob: str
    sequence: int
    state: str


class SerialPair:
    """The pair. `path` is the gateway's end; both stay open until `close`, so that a gateway may come and go."""

    def __init__(self, lit: Callable[[Lamp], None]) -> None:
        self._ours, self._theirs = os.openpty()
        # Raw: no echo, no line editing, bytes as they are.
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self._theirs)
        self.lost_bytes = 0
        self._lit = lit
        self._framer = sentence.Framer()
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def write(self, data: bytes) -> None:
        """Write as a receiver does: what nobody takes is lost, as on a real line."""
        try:
            taken = os.write(self._ours, data)
        except BlockingIOError:
            taken = 0
        self.lost_bytes += len(data) - taken

    def press(self, *, fob: str, kind: telemetry.PressKind, sequence: int, battery_pct: int, rssi_dbm: int) -> None:
        """Write the sentence of a fob's receiver."""
        self.write(sentence.encode(f"PDOP,{_WORD[kind]},{fob},{sequence},{battery_pct},{rssi_dbm}"))

    def alive(self, *, fob: str, sequence: int, battery_pct: int, rssi_dbm: int) -> None:
        """Write the supervision sentence by which a fob's receiver tells that the fob is still there."""
        self.write(sentence.encode(f"PDOP,ALIVE,{fob},{sequence},{battery_pct},{rssi_dbm}"))

    def close(self) -> None:
        """Hang up."""
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> None:
        try:
            data = os.read(self._ours, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: hung up
                raise
            return
        for fields in self._framer.feed(data):
            lamp = _lamp(fields)
            if lamp is not None:
                self._lit(lamp)


def _lamp(fields: list[bytes]) -> Lamp | None:
    if fields[:2] != [b"PDOP", b"ACK"] or len(fields) != _ACK_FIELDS or not fields[3].isdigit():
        _log.warning("the gateway wrote something other than an acknowledgement", extra={"fields": len(fields)})
        return None
    return Lamp(fob=fields[2].decode("ascii"), sequence=int(fields[3]), state=fields[4].decode("ascii"))

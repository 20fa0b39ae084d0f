"""From sentences to fixes: RMC, GGA, GLL, GNS, VTG, GSA and ZDA of any talker (and `$PASHR,POS`), merged by their time of day.

Two epochs may stand open, since some receivers (and multiplexers) write the last sentences of one among the first of the
next. Memory is constant, and no byte makes it raise.
"""

from collections import deque
from dataclasses import dataclass

from domain import telemetry
from gateway import cycle, dates, fields, readers, sentence
from gateway.epoch import Epoch

_ADDRESS_LENGTH = 5  # talker and type; a P in front marks a maker's own sentence, whatever it ends in
_MOST_OPEN = 2
_STRAGGLE_MS = 2_500  # further apart, the clock has leapt or the line was dead: nothing more will come of what is open
_REMEMBERED = 8
_MOST_PARTS = 64
_MOST_LEADING = 8
_ZDA, _ZDA_FIELDS = b"ZDA", 5
_PROPRIETARY = ord("P")


@dataclass(slots=True)
class Counts:
    """What became of the epochs so far."""

    fixes: int = 0
    void: int = 0  #: no valid position in it
    simulated: int = 0
    undated: int = 0  #: a position before any date
    late: int = 0  #: told again after it was given out


class Assembler:
    """Merges the sentences of one receiver into fixes.

    Args:
        require_checksum: refuse sentences without one.
        prompt: give an epoch out as soon as the receiver's learnt cycle is complete, not when the next one begins.
    """

    def __init__(self, *, require_checksum: bool = True, prompt: bool = False) -> None:
        self.framer = sentence.Framer(require_checksum=require_checksum)
        self.counts = Counts()
        self._cycle = cycle.Cycle() if prompt else None
        self._calendar = dates.Calendar()
        self._open: list[Epoch] = []  # in order of time
        self._current: Epoch | None = None  # the one of them that a sentence without a time belongs to
        self._stamp = b""  # the time of the current epoch as it was written
        self._leading: deque[tuple[readers.Reader, bytes, list[bytes]]] = deque(maxlen=_MOST_LEADING)
        self._given: deque[int] = deque(maxlen=_REMEMBERED)
        self._fixes: list[telemetry.Fix] = []

    def feed(self, data: bytes) -> list[telemetry.Fix]:
        """Give the fixes that these bytes complete."""
        for parts in self.framer.feed(data):
            self._take(parts)
        return self._collect()

    def take(self, parts: list[bytes]) -> list[telemetry.Fix]:
        """Give the fixes that one framed sentence completes."""
        self._take(parts)
        return self._collect()

    def flush(self) -> list[telemetry.Fix]:
        """Give what is still open: the line has been quiet, or has ended."""
        self._close_all()
        return self._collect()

    @property
    def is_waiting(self) -> bool:
        """An epoch is open."""
        return bool(self._open)

    def _collect(self) -> list[telemetry.Fix]:
        if not self._fixes:
            return []
        collected, self._fixes = self._fixes, []
        return collected

    def _take(self, parts: list[bytes]) -> None:
        address = parts[0]
        kind = address[2:]
        if len(address) != _ADDRESS_LENGTH:
            return
        reader = readers.READERS.get(kind) if address[0] != _PROPRIETARY else _reader_of_a_maker(parts)
        if not (address.isupper() and address.isalnum()):
            return  # eight bits of checksum let one garbled talker in 256 pass
        if reader is None:
            if kind == _ZDA and address[0] != _PROPRIETARY and len(parts) >= _ZDA_FIELDS:
                self._date(parts)
            return
        if len(parts) < reader.fewest_fields:
            return
        epoch = self._current
        if reader.time_field is None:
            if epoch is None:
                self._leading.append((reader, kind, parts))
                return
        elif epoch is None or parts[reader.time_field] != self._stamp:
            epoch = self._epoch_at(parts[reader.time_field])
            if epoch is None:
                return
        reader.read(parts, epoch)
        self._note(kind, epoch)

    def _note(self, kind: bytes, epoch: Epoch) -> None:
        if len(epoch.parts) < _MOST_PARTS:
            epoch.parts.append(kind)
        if self._cycle is not None and epoch.is_fix and self._cycle.is_complete(epoch.parts):
            while epoch in self._open:
                self._close_first()

    def _epoch_at(self, stamp: bytes) -> Epoch | None:
        time_ms = fields.time_of_day_ms(stamp)
        if time_ms is None:
            return None
        for epoch in self._open:
            if epoch.is_at(time_ms):
                break
        else:
            epoch = self._begin(time_ms)
        self._current, self._stamp = epoch, stamp
        return epoch

    def _begin(self, time_ms: int) -> Epoch:
        # A date is carried forward, never back: what comes with the next epoch does not date this one.
        if self._current is not None:
            self._settle_day(self._current)
        waiting = self._open
        if waiting and not waiting[-1].time_ms - _STRAGGLE_MS <= time_ms <= waiting[0].time_ms + _STRAGGLE_MS:
            self._close_all()
        elif len(waiting) == _MOST_OPEN:
            self._close_first()
        epoch = Epoch(time_ms)
        waiting.insert(0 if waiting and waiting[-1].time_ms > time_ms else len(waiting), epoch)
        for reader, kind, parts in self._leading:
            reader.read(parts, epoch)
            epoch.parts.append(kind)
        self._leading.clear()
        return epoch

    def _settle_day(self, epoch: Epoch) -> None:
        if epoch.day is None:
            epoch.day = self._calendar.day_at(epoch.time_ms)
        else:
            self._calendar.set(epoch.day, epoch.time_ms)

    def _date(self, parts: list[bytes]) -> None:
        time_ms = fields.time_of_day_ms(parts[1])
        day = fields.day_of(*parts[2:5])
        if time_ms is not None and day is not None:
            self._calendar.set(day, time_ms)
        if self._current is not None and self._current.time_ms == time_ms:
            self._note(_ZDA, self._current)

    def _close_all(self) -> None:
        while self._open:
            self._close_first()

    def _close_first(self) -> None:
        epoch = self._open.pop(0)
        if epoch is self._current:
            self._settle_day(epoch)
            self._current, self._stamp = None, b""
        if not epoch.is_fix:
            self.counts.simulated += epoch.simulated
            self.counts.void += not epoch.simulated
            return
        if epoch.day is None:
            self.counts.undated += 1
            return
        self._give(epoch, epoch.day)

    def _give(self, epoch: Epoch, day: int) -> None:
        instant_ms = day * fields.DAY_MS + epoch.time_ms
        if self._was_given(instant_ms):
            self.counts.late += 1
            if self._cycle is not None:
                self._cycle.doubt(epoch.parts)
            return
        if self._cycle is not None:
            self._cycle.learn(epoch.parts)
        self._given.append(instant_ms)
        self._fixes.append(epoch.fix(self._calendar.time(day, epoch.time_ms)))
        self.counts.fixes += 1

    def _was_given(self, instant_ms: int) -> bool:
        if not self._given or instant_ms > max(self._given) + fields.SAME_EPOCH_MS:
            return False
        return any(abs(instant_ms - given_ms) <= fields.SAME_EPOCH_MS for given_ms in self._given)


def _reader_of_a_maker(parts: list[bytes]) -> readers.Reader | None:
    is_position = parts[0] == readers.ASHTECH and parts[1:2] == [readers.ASHTECH_POSITION]
    return readers.ASHTECH_READER if is_position else None

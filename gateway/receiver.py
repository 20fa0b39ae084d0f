"""What comes over one line: sentences of a satellite receiver, of a panic-button receiver, or of both."""

import logging
from collections.abc import Callable
from enum import StrEnum

from domain import telemetry
from gateway import baud_search, gpsd_reports, instants, known_rates, nmea, panic_sentence, port_settings, serial_line

_log = logging.getLogger(__name__)

JUDGED_OVER_S = 10.0
_MOST_BROKEN_EPOCHS = 3


class Content(StrEnum):
    """What can be said of an open line by what comes over it."""

    GOOD = "open"
    SILENT = "silent"
    GARBLED = "garbled"


class Receiver:
    """Reads one port and hands on fixes and buttons.

    Args:
        port: which.
        fixes: called with what a piece of the stream completed.
        button: called with each `$PDOP` sentence and the line it came over.
        rates: where a search for the rate begins, and is remembered.
    """

    def __init__(
        self,
        port: port_settings.Port,
        *,
        fixes: Callable[[str, list[telemetry.Fix]], None],
        button: Callable[[list[bytes], serial_line.SerialLine], None],
        rates: known_rates.KnownRates,
    ) -> None:
        self.name = port.name
        self.assembler = nmea.Assembler(require_checksum=port.require_checksum, prompt=True)
        self.reports = gpsd_reports.Reports() if port.kind is port_settings.PortKind.GPSD else None
        self.line = serial_line.SerialLine(port, hear=self._hear, rest=self._rest)
        self._rates = rates
        self._search = baud_search.BaudSearch(rates.of(port.name)) if port.seek_baud else None
        if self._search is not None:
            self.line.change_baud(self._search.rate)
        self._opened_before = 0
        self._searched = (0, 0, 0)  # openings, bytes and good sentences at the last look
        self.content = Content.GOOD
        self._fixes = fixes
        self._button = button
        self.heard_bytes = 0
        self._words_of_buttons = 0
        self._judged: tuple[float, int, int] | None = None  # when, and bytes and good sentences by then

    @property
    def state(self) -> str:
        """The port's state for the status."""
        return str(self.content if self.line.state is serial_line.LineState.OPEN else self.line.state)

    @property
    def is_all_read(self) -> bool:
        """No epoch is half told."""
        return not self.assembler.is_waiting

    def judge(self, now: instants.Instant) -> None:
        """Say it once when a line has become silent, unreadable or good again."""
        good = self._good
        self._seek(now.mono_s)
        if self.line.state is not serial_line.LineState.OPEN:
            self._judged = None
            return
        if self._judged is None or (self.content is not Content.GOOD and good > self._judged[2]):
            self._judged = (now.mono_s, self.heard_bytes, good)
            self._become(Content.GOOD, 0)
        since_s, bytes_then, good_then = self._judged
        if now.mono_s - since_s < JUDGED_OVER_S:
            return
        came = self.heard_bytes - bytes_then
        self._judged = (now.mono_s, self.heard_bytes, good)
        if good > good_then or (not came and 0 < self._words_of_buttons == good):  # buttons rest between their words
            self._become(Content.GOOD, came)
        else:
            self._become(Content.GARBLED if came else Content.SILENT, came)

    @property
    def _good(self) -> int:
        return self.assembler.framer.counts.good if self.reports is None else self.reports.lines.good

    def _seek(self, mono_s: float) -> None:
        if self._search is None or self.line.state is not serial_line.LineState.OPEN:
            return
        openings, heard, good = self._searched
        self._searched = (self.line.openings, self.heard_bytes, self._good)
        if openings != self.line.openings:
            self._search.restart()
        was_found = self._search.is_found
        if self._search.judge(came_bytes=self.heard_bytes - heard, good=self._good - good, mono_s=mono_s):
            self.line.change_baud(self._search.rate)
        elif self._search.is_found and not was_found:
            self._rates.found(self.name, self._search.rate)
            _log.info("port %s: %s speaks at %d baud", self.name, self.line.port.device, self._search.rate)

    def _become(self, content: Content, came: int) -> None:
        if content is self.content:
            return
        self.content = content
        where = f"port {self.name}: {self.line.port.device}"
        if content is Content.SILENT:
            _log.warning("%s is silent: nothing came for %.0f s", where, JUDGED_OVER_S)
        elif content is Content.GARBLED:
            _log.warning(
                "%s sends garbage: %d bytes in %.0f s and not one whole sentence; is %d baud right?",
                where, came, JUDGED_OVER_S, self.line.baud,
            )  # fmt: skip
        else:
            _log.info("%s sends sentences again", where)

    def _hear(self, data: bytes) -> None:
        self.heard_bytes += len(data)
        if self.reports is not None:
            if self._opened_before != self.line.openings:
                self._opened_before = self.line.openings
                self.reports.restart()
            self._hand_on(self.reports.feed(data))
            return
        fixes: list[telemetry.Fix] = []
        for parts in self.assembler.framer.feed(data):
            if parts[0] == panic_sentence.ADDRESS:
                self._hand_on(fixes)  # a press carries the last fix that was read before it
                fixes = []
            try:
                if parts[0] == panic_sentence.ADDRESS:
                    self._words_of_buttons += 1
                    self._button(parts, self.line)
                else:
                    fixes += self.assembler.take(parts)
            except Exception:  # noqa: BLE001 - a sentence costs itself, never the line
                _log.exception("port %s: a sentence could not be dealt with", self.name)
        self._hand_on(fixes)

    def _rest(self) -> None:
        # A receiver that pauses inside its epochs gets them closed by its cycle or by the next epoch.
        if self.assembler.counts.late < _MOST_BROKEN_EPOCHS:
            self._hand_on(self.assembler.flush())

    def _hand_on(self, fixes: list[telemetry.Fix]) -> None:
        if not fixes:
            return
        try:
            self._fixes(self.name, fixes)
        except Exception:  # noqa: BLE001 - a press may be next on this line
            _log.exception("port %s: %d fixes could not be dealt with", self.name, len(fixes))

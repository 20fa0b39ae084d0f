"""What goes to files beside the outbox: a thread of its own does it, so that a disk that stalls keeps no other waiting."""

import contextlib
import math
from pathlib import Path

from gateway import courier, health, known_rates, metrics_outlet, outbox, recording, uploads

_EVERY_S = 0.5
_REPORT_EVERY_S = 2.0
_ROOM_FOR_UPLOADS = 5_000


class Paperwork:
    """The report for the person at the box, the figures, the record of the last hour and what is uploaded of it.

    Args:
        folder: the report's.
        box: uploads go there.
        record: of the last hour.
        asked: uploads that were asked for.
        figures: where they are shown.
        rates: found on the ports.
    """

    def __init__(
        self,
        folder: Path,
        *,
        box: outbox.Outbox,
        record: recording.Recording,
        asked: uploads.Uploads,
        figures: metrics_outlet.Outlet,
        rates: known_rates.KnownRates,
    ) -> None:
        self._folder = folder
        self._box = box
        self._record = record
        self._asked = asked
        self._figures = figures
        self._rates = rates
        self._report: health.Report | None = None
        self._written_s = -math.inf
        self._courier = courier.Courier(self._step, name="files")

    def start(self) -> None:
        """Begin."""
        self._courier.start()

    @property
    def is_running(self) -> bool:
        """The thread works, or waits for the disk."""
        return self._courier.is_running

    def take(self, report: health.Report) -> None:
        """Hand in the newest report."""
        is_first, self._report = self._report is None, report
        if is_first:
            self._courier.ring()

    def stop(self) -> None:
        """Bring the record to its end and take the report away: nothing runs any more."""
        self._courier.stop()
        self._record.flush()
        self._figures.close()
        with contextlib.suppress(OSError):
            (self._folder / health.FILE_NAME).unlink(missing_ok=True)

    def _step(self, *, now_s: float) -> float:
        # Without a disk what was not asked for again must not be pushed out of the memory.
        if self._box.trouble is None or self._box.backlog < _ROOM_FOR_UPLOADS:
            self._asked.step()
        self._record.tend(mono_s=now_s)
        self._rates.save()
        if self._report is not None and now_s - self._written_s >= _REPORT_EVERY_S:
            self._written_s = now_s
            health.write(self._folder, self._report)
            self._figures.show(self._report)
        return _EVERY_S

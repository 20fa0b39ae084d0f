"""The threads between memory, disk and broker: a press goes to the broker while the disk works on it, or stalls."""

from collections.abc import Callable, Sequence

from gateway import courier, delivery, instants, outbox

_WRITE_EVERY_S = 1.0


class Dispatch:
    """Rings whoever may have something to do.

    Args:
        box: what is to be written.
        work: what is to be sent.
        confirm: told the numbers of presses once they are on the disk.
        save: brings what else is to outlive a restart to the disk.
    """

    def __init__(
        self,
        box: outbox.Outbox,
        work: delivery.Delivery,
        *,
        confirm: Callable[[Sequence[int]], None],
        save: Callable[[instants.Instant], None],
    ) -> None:
        self._box = box
        self._confirm = confirm
        self._save = save
        self._couriers = (
            courier.Courier(work.step_presses, name="presses"),
            courier.Courier(work.step, name="fixes"),
            courier.Courier(self._write, name="outbox"),
        )

    def start(self) -> None:
        """Begin."""
        for each in self._couriers:
            each.start()

    def stop(self) -> None:
        """Do what is still due, and end."""
        for each in self._couriers:
            each.stop()

    def ring(self) -> None:
        """Something has happened: a new row, an acknowledgement, a connection."""
        for each in self._couriers:
            each.ring()

    @property
    def is_running(self) -> bool:
        """All of them work."""
        return all(each.is_running for each in self._couriers)

    def _write(self, *, now_s: float) -> float:
        self._confirm(self._box.write_presses(now_s=now_s))
        now = instants.now()
        self._box.write_fixes(now_s=now_s, now=now.utc)
        self._save(now)
        return _WRITE_EVERY_S

"""When is an epoch complete? A receiver sends the same sentences each time; once that is seen, the last one tells."""

_SURE_AFTER = 4
_NEVER = 1 << 16
_REMEMBERED = 64


class Cycle:
    """Learns the sentence types of a receiver's cycle, and doubts itself when one comes late.

    A receiver that says some things more rarely than others (GGA ten times a second, RMC once) has no such cycle: as long as a
    type outside of the pattern is remembered, nothing is complete.
    """

    def __init__(self) -> None:
        self._pattern: tuple[bytes, ...] = ()
        self._repeats = 0
        self._needed = _SURE_AFTER
        self._epochs = 0
        self._last_epoch_with: dict[bytes, int] = {}
        self._is_sure = False

    def learn(self, parts: list[bytes]) -> None:
        """Take note of a whole epoch."""
        pattern = tuple(parts)
        if pattern == self._pattern:
            self._repeats += 1
        else:
            self._pattern, self._repeats = pattern, 1
        self._remember(parts)

    def is_complete(self, parts: list[bytes]) -> bool:
        """Tell whether nothing more is to be expected of this epoch."""
        return self._is_sure and len(parts) == len(self._pattern) and tuple(parts) == self._pattern

    def doubt(self, parts: list[bytes]) -> None:
        """Ask for twice as many confirmations: this came for an epoch that was thought complete."""
        self._needed = min(self._needed * 2, _NEVER)
        self._repeats = 0
        self._remember(parts)

    def _remember(self, parts: list[bytes]) -> None:
        self._epochs += 1
        for kind in parts:
            self._last_epoch_with[kind] = self._epochs
        self._is_sure = self._repeats >= self._needed and all(
            kind in self._pattern or self._epochs - epoch > _REMEMBERED for kind, epoch in self._last_epoch_with.items()
        )

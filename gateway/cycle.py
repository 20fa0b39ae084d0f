"""When is an epoch complete? A receiver sends the same sentences each time; once that is seen, the last one tells."""

_SURE_AFTER = 4
_NEVER = 1 << 16


class Cycle:
    """Learns the sentence types of a receiver's cycle, and doubts itself when one comes late."""

    def __init__(self) -> None:
        self._pattern: tuple[bytes, ...] = ()
        self._seen = 0
        self._needed = _SURE_AFTER

    def learn(self, parts: list[bytes]) -> None:
        """Take note of a whole epoch."""
        pattern = tuple(parts)
        if pattern == self._pattern:
            self._seen += 1
        else:
            self._pattern, self._seen = pattern, 1

    def is_complete(self, parts: list[bytes]) -> bool:
        """Tell whether nothing more is to be expected of this epoch."""
        return self._seen >= self._needed and len(parts) == len(self._pattern) and tuple(parts) == self._pattern

    def doubt(self) -> None:
        """Ask for twice as many confirmations: a sentence came for an epoch that was thought complete."""
        self._needed = min(self._needed * 2, _NEVER)
        self._seen = 0

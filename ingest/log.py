"""One line an event: time, level, where, what, and the facts that come with it."""

import logging
import sys

from ingest import errors

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Formatter(logging.Formatter):
    """Appends what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        facts = " ".join(f"{name}={value}" for name, value in vars(record).items() if name not in _STANDARD)
        return f"{line} {facts}" if facts else line


def configure(level: str) -> None:
    """Log to standard error from this level on.

    Raises:
        SettingsError: there is no such level.
    """
    known = logging.getLevelNamesMapping()
    if level.upper() not in known:
        raise errors.SettingsError(f"INGEST_LOG_LEVEL={level!r} is none of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=known[level.upper()], handlers=[handler])

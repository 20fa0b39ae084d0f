"""The log on standard error: lines for a person, or an object a line for a collector."""

import datetime as dt
import json
import logging

from gateway import operation_settings

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message`, `exception` if there is one, and extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Put a record on one line; what an extra holds beside JSON's own types becomes text."""
        time = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        told = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
        told |= {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def to_stderr(form: operation_settings.LogFormat, *, verbose: bool) -> None:
    """Send the log there from now on."""
    handler = logging.StreamHandler()
    if form is operation_settings.LogFormat.JSON:
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-8s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])

"""The settings for those who run the box: its log and its metrics."""

import urllib.parse
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.settings_table import Table


class LogFormat(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Where Prometheus finds the figures; None: not there."""

    textfile: Path | None = None
    listen: tuple[str, int] | None = None  #: address and TCP port


def log_format(table: Table) -> LogFormat:
    """How the log is written, by `gateway.log_format`."""
    value = table.optional("log_format", str) or LogFormat.TEXT
    if value not in tuple(LogFormat):
        raise table.error("log_format", f"must be one of {', '.join(LogFormat)}, not {value!r}")
    return LogFormat(value)


def metrics(table: Table | None) -> Metrics:
    """Where the figures go, by the table `metrics`."""
    if table is None:
        return Metrics()
    name, listen = table.optional("textfile", str), table.optional("listen", str)
    if name is not None and not name.endswith(".prom"):
        raise table.error("textfile", f"must end in .prom, else node_exporter passes it over: {name!r}")
    return Metrics(
        textfile=None if name is None else table.path("textfile", name),
        listen=None if listen is None else _address(table, listen),
    )


def _address(table: Table, listen: str) -> tuple[str, int]:
    try:
        parts = urllib.parse.urlsplit(f"//{listen}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.netloc != listen or "@" in listen:
        raise table.error("listen", f"must be ADDRESS:PORT like 127.0.0.1:9101, not {listen!r}")
    return host, port

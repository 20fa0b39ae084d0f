"""How a running ingest is: a small file, written each second, which `ingest health` reads."""

import dataclasses
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import errors, worker

STALE_AFTER_S = 10.0
CONNECTED = "connected"


@dataclass(slots=True, kw_only=True)
class Vitals:
    """What the parts of ingest note of themselves."""

    database: str = "connecting"
    broker: str = "connecting"
    shards: int = 0
    messages: int = 0
    fixes: int = 0
    off_duty: int = 0  #: fixes of people off duty, not kept
    rejected: int = 0
    presses: int = 0
    statuses: int = 0
    senders: int = 0  #: messages of phones' apps

    def count(self, outcome: worker.Outcome) -> None:
        """Count a commit of the fixes lane."""
        self.messages += outcome.messages
        self.fixes += outcome.fixes
        self.off_duty += outcome.off_duty
        self.rejected += outcome.rejected


def write(path: Path, vitals: Vitals) -> None:
    """Put the vitals in the file, whole or not at all."""
    record = {"time": time.time(), "pid": os.getpid(), **dataclasses.asdict(vitals)}
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(record))
    fresh.replace(path)


def read(path: Path, now_s: float) -> dict[str, Any]:
    """The vitals of a running ingest that is at work.

    Raises:
        IngestError: there is none, it is silent, or it is paused; the message says why.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text())
        age_s = now_s - float(record["time"])
    except FileNotFoundError:
        raise errors.IngestError(f"{path} is not there: ingest isn't running") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.IngestError(f"{path}: {error}") from None
    if age_s > STALE_AFTER_S:
        raise errors.IngestError(f"ingest has been silent for {age_s:.0f} s")
    for part in ("database", "broker"):
        if record[part] != CONNECTED:
            raise errors.IngestError(f"paused: {part} {record[part]}")
    return record

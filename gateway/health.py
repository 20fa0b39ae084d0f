"""What a gateway tells about itself: the retained status for the server, a file with more of it for the person at the box."""

import contextlib
import dataclasses
import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain import telemetry
from domain.wire import fields, status
from gateway import errors, private

FILE_NAME = "status.json"
HEARTBEAT_S = 60.0
STALE_S = 10.0
LOW_BATTERY_PCT = 20.0
FIX_HOLDS_S = 5.0
"""After so long without a fix the receivers see nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The status and what belongs to the box alone."""

    status: telemetry.Status
    broker: str | None  #: what is wrong with the connection
    outbox: str | None  #: what is wrong with the disk
    lead: str | None  #: the receiver in use
    fix_age_s: float | None
    sentences: Mapping[str, Mapping[str, int]]
    silent_fobs: tuple[str, ...]
    thinned: int
    dropped: int
    connections: int  #: to the broker since the start
    presses: Mapping[str, int]  #: by kind, since the start
    press_waits: bool

    def matters_beside(self, before: "Report | None") -> bool:
        """Tell whether the server must know at once: not for a battery's percent or the backlog."""
        if before is None:
            return True
        then, now = before.status, self.status
        fobs_then, fobs_now = (before.silent_fobs, low_fobs(then)), (self.silent_fobs, low_fobs(now))
        return (then.gps, then.ports, fobs_then) != (now.gps, now.ports, fobs_now)


def low_fobs(told: telemetry.Status) -> frozenset[str]:
    """The fobs whose battery is low."""
    return frozenset(fob for fob, state in told.fobs.items() if _is_low(state))


def _is_low(fob: telemetry.FobState) -> bool:
    return fob.battery_pct is not None and fob.battery_pct <= LOW_BATTERY_PCT


def gps_state(mode: telemetry.FixMode | None, fix_age_s: float | None) -> telemetry.GpsState:
    """What the receivers see."""
    if mode is None or fix_age_s is None or fix_age_s > FIX_HOLDS_S:
        return telemetry.GpsState.NONE
    return telemetry.GpsState.THREE_D if mode is telemetry.FixMode.THREE_D else telemetry.GpsState.TWO_D


def write(folder: Path, report: Report) -> None:
    """Put the report into the state folder, whole or not at all; a disk that can't take it is the outbox's to tell."""
    record = dataclasses.asdict(report) | {
        "status": json.loads(status.encode(report.status)), "pid": os.getpid()
    }  # fmt: skip
    with contextlib.suppress(OSError):
        private.replace(folder / FILE_NAME, (json.dumps(record, indent=1) + "\n").encode())


def lines(folder: Path, *, now: dt.datetime) -> list[str]:
    """The report of a running gateway, as lines for a person.

    Raises:
        GatewayError: none runs on this folder, or it has not reported lately.
    """
    record = read(folder, now=now)
    return _lines(record, status.decode(fields.dump(record["status"])), now)


def read(folder: Path, *, now: dt.datetime) -> dict[str, Any]:
    """The report of a running gateway.

    Raises:
        GatewayError: none runs on this folder, or it has not reported lately.
    """
    path = folder / FILE_NAME
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = status.decode(fields.dump(record["status"]))
    except FileNotFoundError:
        raise errors.GatewayError(f"no gateway runs on {folder}") from None
    except OSError as error:
        raise errors.GatewayError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, fields.WireError):
        raise errors.GatewayError(f"{path} is not what a gateway of this version has written") from None
    age_s = (now - told.time).total_seconds()
    if not _is_alive(record.get("pid")):
        raise errors.GatewayError(f"the gateway on {folder} does not run; it was last heard {age_s:.0f} s ago")
    if age_s > STALE_S:
        raise errors.GatewayError(
            f"the gateway on {folder} (pid {record['pid']}) has not reported for {age_s:.0f} s: is the disk full?"
        )
    return record


def _lines(record: Mapping[str, Any], told: telemetry.Status, now: dt.datetime) -> list[str]:
    age_s = record.get("fix_age_s")
    fix = "none yet" if age_s is None else f"{told.gps}, {age_s:.1f} s old, from {record['lead']}"
    lines = [
        f"running   {told.version}, up {told.uptime_s or 0:.0f} s, pid {record['pid']}",
        f"broker    {record['broker'] or 'connected'}",
        f"backlog   {told.backlog} rows" + (f", in memory only: {record['outbox']}" if record["outbox"] else ""),
        f"fix       {fix}",
    ]
    for name, state in told.ports.items():
        counts = record["sentences"].get(name, {})
        lines.append(", ".join([f"port      {name}: {state}", *(f"{count} {what}" for what, count in counts.items())]))
    for fob, state_of_fob in told.fobs.items():
        heard = "never" if state_of_fob.seen is None else f"{(now - state_of_fob.seen).total_seconds():.0f} s ago"
        silent = " (silent)" if fob in record["silent_fobs"] else ""
        battery = "" if state_of_fob.battery_pct is None else f", battery {state_of_fob.battery_pct:.0f} %"
        battery += " (low)" if _is_low(state_of_fob) else ""
        lines.append(f"fob       {fob}: heard {heard}{battery}{silent}")
    return lines


def _is_alive(pid: Any) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""What happened at fences: stays and events of a time. Blocking: call it in a thread.

It tells where somebody was, so that each reading is in the audit (R59).
"""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from api import fence_desk, shown
from db import audit, engine, fence_history, registries
from domain import accounts, fences

Json = dict[str, Any]
T = TypeVar("T")
_Reading = Callable[[sa.Connection, uuid.UUID, fence_history.Wanted], tuple[list[T], fence_history.Mark | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader asks for; `before` is the `next` of the page before."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    device: str | None = None  #: its name; one out of service as well
    geofence: uuid.UUID | None = None  #: one that is watched no more as well
    kind: fences.EventKind | None = None
    before: str | None = None
    most: int = 100


class FenceHistoryDesk:
    """Of the identity's tenant alone; what another tenant has is not found."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def visits(self, identity: accounts.Identity, asked: Asked, now: dt.datetime) -> Json:
        """The stays that lie within the time, a part of each at least, the latest entry first.

        Raises:
            NotPermittedError: the role may not look.
            NotFoundError, FenceNotFoundError: this tenant never had such a device or fence.
            PeriodError, MarkError: the time or the mark is none.
        """
        found, mark = self._read(fence_history.visits, identity, asked, now, what="visits")
        return {"visits": [_visit(each) for each in found], "next": mark and str(mark)}

    def events(self, identity: accounts.Identity, asked: Asked, now: dt.datetime) -> Json:
        """What happened within the time, the latest first; raises as `visits` does."""
        found, mark = self._read(fence_history.events, identity, asked, now, what="geofence events")
        return {"events": [_plain(dataclasses.asdict(each)) for each in found], "next": mark and str(mark)}

    def _read(
        self, read: _Reading[T], identity: accounts.Identity, asked: Asked, now: dt.datetime, *, what: str
    ) -> tuple[list[T], fence_history.Mark | None]:
        identity.require(accounts.Permission.SEE_LIVE)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            return read(connection, identity.tenant_id, _wanted(connection, identity, asked, now, what=what))


def _wanted(
    connection: sa.Connection, identity: accounts.Identity, asked: Asked, now: dt.datetime, *, what: str
) -> fence_history.Wanted:
    since, until = fence_history.period(asked.since, asked.until, now=now)
    before = fence_history.mark_of(asked.before) if asked.before else None
    device_id, fence_ids = _device(connection, identity, asked.device), _fences(connection, identity, asked.geofence)
    audit.record(
        connection,
        identity.tenant_id,
        audit.Act.TRACK_READ,
        f"device {asked.device}" if asked.device else "all devices",
        actor=audit.by_account(identity),
        what=what,
        geofence=str(asked.geofence) if asked.geofence else None,
        since=since,
        until=until,
    )
    return fence_history.Wanted(
        since=since,
        until=until,
        device_id=device_id,
        fence_ids=fence_ids,
        kind=asked.kind,
        before=before,
        most=asked.most,
    )


def _device(connection: sa.Connection, identity: accounts.Identity, name: str | None) -> int | None:
    if name is None:
        return None
    found = registries.find(connection, identity.tenant_id, registries.Kind.DEVICE, name, with_retired=True)
    assert isinstance(found, int)
    return found


def _fences(
    connection: sa.Connection, identity: accounts.Identity, fence_id: uuid.UUID | None
) -> Sequence[uuid.UUID] | None:
    if fence_id is None:
        return None
    found = fence_history.fence_ids(connection, identity.tenant_id, fence_id=fence_id)
    if not found:
        raise fence_desk.FenceNotFoundError(fence_id)
    return found


def _visit(visit: fence_history.Visit) -> Json:
    return {**_plain(dataclasses.asdict(visit)), "duration_s": visit.duration_s}


def _plain(row: Json) -> Json:
    def plain(value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return shown.instant(value)
        return str(value) if isinstance(value, uuid.UUID) else value

    return {name: plain(value) for name, value in row.items()}

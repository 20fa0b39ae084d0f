"""In-memory stores for the unit tests of operations; tests/contract holds them equal to PostgreSQL."""

import copy
import datetime as dt
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from domain import emergencies, telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPress:
    press: telemetry.Press
    source: telemetry.DeviceRef
    received_at: dt.datetime
    alert_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    alert_id: uuid.UUID
    change: emergencies.AlertChange
    at: dt.datetime
    actor: str | None
    note: str | None


@dataclass(slots=True)
class Store:
    """What outlives a unit of work."""

    presses: dict[uuid.UUID, KeptPress] = field(default_factory=dict)
    alerts: dict[uuid.UUID, emergencies.Alert] = field(default_factory=dict)
    history: list[HistoryEntry] = field(default_factory=list)
    reporters: dict[tuple[uuid.UUID, str], emergencies.Reporter] = field(default_factory=dict)
    had_since: dict[tuple[uuid.UUID, str], dt.datetime] = field(default_factory=dict)  #: of a fob; not named: always
    latest: dict[int, telemetry.Fix] = field(default_factory=dict)


class FakeUnitOfWork:
    """A copy of the store that is put in its place at commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._work = store

    def __enter__(self) -> Self:
        self._work = copy.deepcopy(self._store)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._work = self._store

    def commit(self) -> None:
        for name in ("presses", "alerts", "history"):
            setattr(self._store, name, getattr(self._work, name))

    @property
    def presses(self) -> "FakePresses":
        return FakePresses(self._work)

    @property
    def alerts(self) -> "FakeAlerts":
        return FakeAlerts(self._work)

    @property
    def people(self) -> "FakePeople":
        return FakePeople(self._work)

    @property
    def positions(self) -> "FakePositions":
        return FakePositions(self._work)


@dataclass(slots=True)
class FakePresses:
    store: Store

    def add(self, press: telemetry.Press, *, source: telemetry.DeviceRef, received_at: dt.datetime) -> bool:
        if press.id in self.store.presses:
            return False
        self.store.presses[press.id] = KeptPress(press=press, source=source, received_at=received_at)
        return True

    def attach(self, press_id: uuid.UUID, *, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> None:
        kept = self.store.presses[press_id]
        if kept.source.tenant_id == tenant_id:
            self.store.presses[press_id] = KeptPress(
                press=kept.press, source=kept.source, received_at=kept.received_at, alert_id=alert_id
            )

    def holds(self, press: telemetry.Press, *, source: telemetry.DeviceRef) -> bool:
        kept = self.store.presses[press.id]
        known = press.clock is telemetry.Clock.UNSET or kept.press.time == press.time
        return known and (kept.source.name, kept.press.fob, kept.press.kind, kept.press.seq) == (
            source.name,
            press.fob,
            press.kind,
            press.seq,
        )

    def first_cancel(
        self, fob: str, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime, device: str | None = None
    ) -> dt.datetime | None:
        times = [
            kept.press.time
            for kept in self.store.presses.values()
            if (kept.source.tenant_id, kept.press.fob) == (tenant_id, fob)
            and device in (None, kept.source.name)
            and kept.press.kind is telemetry.PressKind.CANCEL
            and since <= kept.press.time <= until
        ]
        return min(times, default=None)

    def made_within(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime) -> bool:
        return any(
            kept.alert_id == alert_id
            and kept.source.tenant_id == tenant_id
            and kept.press.kind is not telemetry.PressKind.CANCEL
            and since <= kept.press.time <= until
            for kept in self.store.presses.values()
        )


@dataclass(slots=True)
class FakeAlerts:
    store: Store

    def get(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        alert = self.store.alerts.get(alert_id)
        return alert if alert is not None and alert.tenant_id == tenant_id else None

    def unresolved_for_fob(self, fob: str, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        for alert in self.store.alerts.values():
            unresolved = alert.state is not emergencies.AlertState.RESOLVED
            if unresolved and alert.fob == fob and alert.tenant_id == tenant_id:
                return alert
        return None

    def add(self, alert: emergencies.Alert) -> bool:
        if self.unresolved_for_fob(alert.fob, tenant_id=alert.tenant_id) is not None:
            return False
        self.store.alerts[alert.id] = alert
        return True

    def save(self, alert: emergencies.Alert) -> None:
        self.store.alerts[alert.id] = alert

    def record(
        self,
        alert: emergencies.Alert,
        change: emergencies.AlertChange,
        *,
        at: dt.datetime,
        actor: str | None = None,
        note: str | None = None,
    ) -> None:
        self.store.history.append(HistoryEntry(alert_id=alert.id, change=change, at=at, actor=actor, note=note))


@dataclass(slots=True)
class FakePeople:
    store: Store

    def of_fob(self, fob: str, *, tenant_id: uuid.UUID, at: dt.datetime) -> emergencies.Reporter | None:
        since = self.store.had_since.get((tenant_id, fob))
        return None if since is not None and at < since else self.store.reporters.get((tenant_id, fob))


@dataclass(slots=True)
class FakePositions:
    store: Store

    def latest(self, source: telemetry.DeviceRef) -> telemetry.Fix | None:
        return None if source.id is None else self.store.latest.get(source.id)

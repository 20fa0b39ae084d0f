"""What the use cases need of a store. PostgreSQL implements these in `db`; one contract suite holds the tests' fakes equal."""

import datetime as dt
import uuid
from types import TracebackType
from typing import Protocol, Self

from domain import emergencies, telemetry


class Presses(Protocol):
    """Every press is a row of its own (R47)."""

    def add(self, press: telemetry.Press, *, source: telemetry.DeviceRef, received_at: dt.datetime) -> bool:
        """Keep a press; False where its id is there already."""
        ...

    def attach(self, press_id: uuid.UUID, *, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> None:
        """Say which alert a press belongs to."""
        ...

    def holds(self, press: telemetry.Press, *, source: telemetry.DeviceRef) -> bool:
        """Whether what is kept under this id is this press: device, fob, kind, number, and the time where it is known."""
        ...

    def first_cancel(
        self, fob: str, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime, device: str | None = None
    ) -> dt.datetime | None:
        """Time of the first `cancel` of a fob within [since, until], by the device's clock; of one device, if it is named."""
        ...

    def made_within(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID, since: dt.datetime, until: dt.datetime) -> bool:
        """Whether a press of this alert was made within [since, until], by the device's clock."""
        ...


class Alerts(Protocol):
    """Alerts and their history."""

    def get(self, alert_id: uuid.UUID, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        """Load and lock one alert; None where this tenant has no such alert."""
        ...

    def unresolved_for_fob(self, fob: str, *, tenant_id: uuid.UUID) -> emergencies.Alert | None:
        """Load and lock the one unresolved alert of a fob."""
        ...

    def add(self, alert: emergencies.Alert) -> bool:
        """Keep a new alert; False where its fob has an unresolved one, be it from another transaction."""
        ...

    def save(self, alert: emergencies.Alert) -> None:
        """Write what changed."""
        ...

    def record(
        self,
        alert: emergencies.Alert,
        change: emergencies.AlertChange,
        *,
        at: dt.datetime,
        actor: str | None = None,
        note: str | None = None,
    ) -> None:
        """Append to the alert's history."""
        ...


class People(Protocol):
    """Who carries what."""

    def of_fob(self, fob: str, *, tenant_id: uuid.UUID, at: dt.datetime) -> emergencies.Reporter | None:
        """The person that had a fob at a time, in hand or in the vehicle (R62)."""
        ...


class Positions(Protocol):
    """Latest positions."""

    def latest(self, source: telemetry.DeviceRef) -> telemetry.Fix | None:
        """The newest fix of a device."""
        ...


class UnitOfWork(Protocol):
    """One transaction: entered, committed by the use case, rolled back on leaving without a commit."""

    @property
    def presses(self) -> Presses:
        """The presses of this transaction."""
        ...

    @property
    def alerts(self) -> Alerts:
        """The alerts of this transaction."""
        ...

    @property
    def people(self) -> People:
        """The people, read in this transaction."""
        ...

    @property
    def positions(self) -> Positions:
        """The latest positions, read in this transaction."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def commit(self) -> None:
        """Make it so."""
        ...

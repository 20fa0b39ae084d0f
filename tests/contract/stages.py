"""Where the contract of the stores is played: in memory, and in PostgreSQL under each role that uses it."""

import datetime as dt
import uuid
from abc import ABC, abstractmethod
from typing import NamedTuple

import sqlalchemy as sa
import uuid_utils.compat

from db import assignments, tables, unit_of_work
from domain import assignments as domain_assignments
from domain import emergencies, ports, telemetry
from tests import fakes

TENANT = uuid.UUID(int=1)
OTHER_TENANT = uuid.UUID(int=2)
DEVICE = telemetry.DeviceRef(tenant_id=TENANT, name="van-01", id=1)
SILENT_DEVICE = telemetry.DeviceRef(tenant_id=TENANT, name="van-02", id=2)
OTHER_DEVICE = telemetry.DeviceRef(tenant_id=OTHER_TENANT, name="van-01", id=3)
STRANGER = telemetry.DeviceRef(tenant_id=TENANT, name="van-99", id=None)
REPORTER = emergencies.Reporter(id=uuid.UUID(int=11), first_name="Aino", last_name="Virtanen")
OTHER_REPORTER = emergencies.Reporter(id=uuid.UUID(int=12), first_name="Mikko", last_name="Korhonen")
FOB, FREE_FOB = "FOB-00001", "FOB-00002"
HAD_SINCE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Entry(NamedTuple):
    """A line of an alert's history."""

    change: emergencies.AlertChange
    at: dt.datetime
    actor: str | None
    note: str | None


class Stage(ABC):
    """Two tenants, three devices, one fob that is assigned in both tenants, one that is in none."""

    @abstractmethod
    def unit_of_work(self, tenant_id: uuid.UUID = TENANT) -> ports.UnitOfWork:
        """Begin anew, on behalf of a tenant."""

    @abstractmethod
    def set_latest(self, device: telemetry.DeviceRef, fix: telemetry.Fix) -> None:
        """Give a device a newest fix."""

    @abstractmethod
    def history(self, alert_id: uuid.UUID) -> list[Entry]:
        """An alert's history as committed."""

    @abstractmethod
    def alert_of_press(self, press_id: uuid.UUID) -> uuid.UUID | None:
        """The alert that a committed press belongs to."""


class MemoryStage(Stage):
    def __init__(self) -> None:
        holders = {(TENANT, FOB): REPORTER, (OTHER_TENANT, FOB): OTHER_REPORTER}
        self._store = fakes.Store(reporters=holders, had_since=dict.fromkeys(holders, HAD_SINCE))

    def unit_of_work(self, tenant_id: uuid.UUID = TENANT) -> ports.UnitOfWork:  # noqa: ARG002  in memory nobody is kept out
        return fakes.FakeUnitOfWork(self._store)

    def set_latest(self, device: telemetry.DeviceRef, fix: telemetry.Fix) -> None:
        assert device.id is not None
        self._store.latest[device.id] = fix

    def history(self, alert_id: uuid.UUID) -> list[Entry]:
        return [
            Entry(entry.change, entry.at, entry.actor, entry.note)
            for entry in self._store.history
            if entry.alert_id == alert_id
        ]

    def alert_of_press(self, press_id: uuid.UUID) -> uuid.UUID | None:
        return self._store.presses[press_id].alert_id


class PostgresStage(Stage):
    def __init__(self, *, owner: sa.Engine, role: sa.Engine, one_tenant: bool) -> None:
        self._owner = owner
        self._role = role
        self._one_tenant = one_tenant
        with owner.begin() as connection:
            _populate(connection)

    def unit_of_work(self, tenant_id: uuid.UUID = TENANT) -> ports.UnitOfWork:
        return unit_of_work.UnitOfWork(self._role, tenant_id=tenant_id if self._one_tenant else None)

    def set_latest(self, device: telemetry.DeviceRef, fix: telemetry.Fix) -> None:
        row = {
            "device_id": device.id,
            "time": fix.time,
            "lat": fix.position.lat,
            "lon": fix.position.lon,
            "seq": 1,
            "received_at": fix.time,
            "alt_m": fix.alt_m,
            "speed_mps": fix.speed_mps,
            "course_deg": fix.course_deg,
            "hdop": fix.hdop,
            "accuracy_m": fix.accuracy_m,
            "satellites": fix.satellites,
            "fix_mode": int(fix.mode),
        }
        with self._owner.begin() as connection:
            connection.execute(sa.insert(tables.device_latest).values(row))

    def history(self, alert_id: uuid.UUID) -> list[Entry]:
        entry = tables.alert_history
        query = sa.select(entry.c.change, entry.c.at, entry.c.actor, entry.c.note)
        with self._owner.begin() as connection:
            rows = connection.execute(query.where(entry.c.alert_id == alert_id).order_by(entry.c.id)).all()
        return [Entry(emergencies.AlertChange(row.change), row.at, row.actor, row.note) for row in rows]

    def alert_of_press(self, press_id: uuid.UUID) -> uuid.UUID | None:
        with self._owner.begin() as connection:
            found: uuid.UUID | None = connection.execute(
                sa.select(tables.press.c.alert_id).where(tables.press.c.id == press_id)
            ).scalar_one()
            return found


def _populate(connection: sa.Connection) -> None:
    connection.execute(sa.text("TRUNCATE tenant RESTART IDENTITY CASCADE"))
    connection.execute(
        sa.insert(tables.tenant),
        [{"id": TENANT, "slug": "a", "name": "A"}, {"id": OTHER_TENANT, "slug": "b", "name": "B"}],
    )
    # Their ids are given out by the database, in this order: 1, 2, 3.
    for device in (DEVICE, SILENT_DEVICE, OTHER_DEVICE):
        made = connection.scalar(
            sa.insert(tables.device)
            .values(tenant_id=device.tenant_id, name=device.name, uid=uuid_utils.compat.uuid7())
            .returning(tables.device.c.id)
        )
        assert made == device.id
    for tenant_id, person in ((TENANT, REPORTER), (OTHER_TENANT, OTHER_REPORTER)):
        connection.execute(
            sa.insert(tables.person).values(
                tenant_id=tenant_id,
                id=person.id,
                first_name=person.first_name,
                last_name=person.last_name,
                kind="security_guard",
            )
        )
        connection.execute(sa.insert(tables.fob).values(tenant_id=tenant_id, code=FOB))
        assignments.assign(
            connection,
            tenant_id,
            assignments.Thing(kind=domain_assignments.Thing.FOB, key=FOB),
            assignments.Holder(kind=domain_assignments.Holder.PERSON, id=person.id),
            since=HAD_SINCE,
            by="root",
        )
    connection.execute(sa.insert(tables.fob).values(tenant_id=TENANT, code=FREE_FOB))

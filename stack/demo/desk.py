"""The dispatcher's desk: reads what there is to see and acts on alerts, on the database; blocking, to be called in a thread."""

import datetime as dt
import uuid

import sqlalchemy as sa

from db import demo_view, engine, unit_of_work
from domain.operations import emergencies

#: Who acts, as the history of an alert tells it.
BY = "dispatcher"


class Desk:
    """Talks to one database; `dsn` is of a role that sees all companies."""

    def __init__(self, dsn: str) -> None:
        self._engine = engine.create(dsn, pool_size=2, application_name="driveops demo")
        self._reader = demo_view.Reader()

    def tenants(self) -> tuple[demo_view.Tenant, ...]:
        """The companies.

        Raises:
            sqlalchemy.exc.OperationalError: the database does not answer; so from every method.
        """
        with self._engine.connect() as connection:
            return self._reader.tenants(connection)

    def view(self, tenant_id: uuid.UUID, *, now: dt.datetime, first_unit: int, units: int) -> demo_view.View:
        """Look at a company."""
        with self._engine.connect() as connection:
            return self._reader.read(connection, tenant_id=tenant_id, now=now, offset=first_unit, limit=units)

    def acknowledge(self, tenant_id: uuid.UUID, alert_id: uuid.UUID, *, now: dt.datetime) -> None:
        """Take an alert.

        Raises:
            DomainError: it is gone, or somebody was faster.
        """
        emergencies.acknowledge(tenant_id=tenant_id, alert_id=alert_id, by=BY, now=now, uow=self._work(tenant_id))

    def resolve(self, tenant_id: uuid.UUID, alert_id: uuid.UUID, *, text: str, now: dt.datetime) -> None:
        """Say how an alert ended.

        Raises:
            DomainError: it is gone, somebody was faster, or the text is blank.
        """
        emergencies.resolve(
            tenant_id=tenant_id, alert_id=alert_id, by=BY, text=text, now=now, uow=self._work(tenant_id)
        )

    def close(self) -> None:
        """Disconnect."""
        self._engine.dispose()

    def _work(self, tenant_id: uuid.UUID) -> unit_of_work.UnitOfWork:
        return unit_of_work.UnitOfWork(self._engine, tenant_id=tenant_id)


#: What a database that does not answer raises.
Unreachable = sa.exc.OperationalError

"""The people in PostgreSQL (domain.ports.People)."""

import datetime as dt
import uuid

import sqlalchemy as sa

from db import queries
from domain import emergencies


class People:
    """The people, read in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of_fob(self, fob: str, *, tenant_id: uuid.UUID, at: dt.datetime) -> emergencies.Reporter | None:
        """The person that had a fob at a time, in hand or in the vehicle."""
        given = {"tenant_id": tenant_id, "fob": fob, "at": at}
        row = self._connection.exec_driver_sql(queries.get("fob_holder"), given).one_or_none()
        return None if row is None else emergencies.Reporter(id=row[0], first_name=row[1], last_name=row[2])

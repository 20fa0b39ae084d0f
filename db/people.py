"""The people in PostgreSQL (domain.ports.People)."""

import uuid

import sqlalchemy as sa

from db import tables
from domain import emergencies


class People:
    """The people, read in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of_fob(self, fob: str, *, tenant_id: uuid.UUID) -> emergencies.Reporter | None:
        """The person that a fob is assigned to."""
        person, button = tables.person, tables.fob
        query = (
            sa.select(person.c.id, person.c.first_name, person.c.last_name)
            .join(button, (button.c.tenant_id == person.c.tenant_id) & (button.c.person_id == person.c.id))
            .where(button.c.tenant_id == tenant_id, button.c.code == fob, button.c.retired_at.is_(None))
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else emergencies.Reporter(id=row[0], first_name=row[1], last_name=row[2])

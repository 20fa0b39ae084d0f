"""The unit of work in PostgreSQL (domain.ports.UnitOfWork): one transaction, and the stores that speak in it."""

import uuid
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from db import alerts, engine, people, positions, presses


class UnitOfWork:
    """One transaction at a time; the same object may be entered again.

    Args:
        source: where the connections come from.
        tenant_id: whose rows it may see, for the web role; the backend role sees all.
    """

    def __init__(self, source: sa.Engine, *, tenant_id: uuid.UUID | None = None) -> None:
        self._source = source
        self._tenant_id = tenant_id
        self._open: sa.Connection | None = None

    def __enter__(self) -> Self:
        connection = self._source.connect()
        try:
            if self._tenant_id is not None:
                engine.use_tenant(connection, self._tenant_id)
        except BaseException:
            connection.close()
            raise
        self._open = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Closing rolls back what wasn't committed.
        self._connection.close()
        self._open = None

    def commit(self) -> None:
        """Make it so."""
        self._connection.commit()

    @property
    def presses(self) -> presses.Presses:
        """The presses of this transaction."""
        return presses.Presses(self._connection)

    @property
    def alerts(self) -> alerts.Alerts:
        """The alerts of this transaction."""
        return alerts.Alerts(self._connection)

    @property
    def people(self) -> people.People:
        """The people, read in this transaction."""
        return people.People(self._connection)

    @property
    def positions(self) -> positions.Positions:
        """The latest positions, read in this transaction."""
        return positions.Positions(self._connection)

    @property
    def _connection(self) -> sa.Connection:
        if self._open is None:
            raise RuntimeError("the unit of work isn't entered")
        return self._open

"""Reads a tenant's unresolved alerts as pages are told of them.

One that can't be read whole keeps no other back, and is itself told by what can be read of it: somebody pressed.
"""

import json
import logging
import uuid
from typing import NamedTuple

import sqlalchemy as sa

from api import shown
from db import engine, live_reads, unread_alerts, unresolved_alerts
from domain import emergencies, errors

_log = logging.getLogger(__name__)
BAD_ROW = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    sa.exc.DataError,
    errors.DomainError,
)
"""What a row raises that is not as we know them: a value of a newer release, a time outside of the calendar."""


class Told(NamedTuple):
    """An alert on its way to pages."""

    device_id: int | None  #: None where the device is not registered
    state: emergencies.AlertState
    text: str  #: JSON


class AlertReader:
    """Blocking; remembers which alerts it has complained of."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source
        self._known_bad: set[uuid.UUID] = set()

    def read(self, tenant_id: uuid.UUID) -> list[Told]:
        """All of them, the most urgent first.

        Raises:
            SQLAlchemyError: the database does not answer, or not as it should.
        """
        try:
            with engine.tenant_transaction(self._engine, tenant_id) as connection:
                return [_told(each) for each in live_reads.seen_alerts(connection, tenant_id)]
        except BAD_ROW:
            return self._read_each(tenant_id)

    def stub(self, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> Told | None:
        """What can always be read of an unresolved one; None where there is none.

        Raises:
            SQLAlchemyError: the database does not answer.
        """
        with engine.tenant_transaction(self._engine, tenant_id) as connection:
            row = unread_alerts.stub(connection, tenant_id, alert_id)
        return None if row is None else _as_told(row["device_id"], shown.unread_alert(row))

    def _read_each(self, tenant_id: uuid.UUID) -> list[Told]:
        with engine.tenant_transaction(self._engine, tenant_id) as connection:
            ids = unresolved_alerts.ids(connection, tenant_id)
        read = (self._read_one(tenant_id, alert_id) for alert_id in ids)
        return [told for told in read if told is not None]

    def _read_one(self, tenant_id: uuid.UUID, alert_id: uuid.UUID) -> Told | None:
        try:
            with engine.tenant_transaction(self._engine, tenant_id) as connection:
                found = live_reads.seen_alert(connection, tenant_id, alert_id)
            return None if found is None else _told(found)
        except BAD_ROW:
            if alert_id not in self._known_bad:
                self._known_bad.add(alert_id)
                _log.exception("alert %s can't be read, pages show little of it", alert_id)
            return self.stub(tenant_id, alert_id)


def _told(found: live_reads.SeenAlert) -> Told:
    return _as_told(found.device_id, shown.alert(found))


def _as_told(device_id: int | None, alert: shown.Json) -> Told:
    # Without allow_nan a browser could not read the list, and would show none of it.
    text = json.dumps(alert, allow_nan=False)
    return Told(device_id=device_id, state=emergencies.AlertState(alert["state"]), text=text)

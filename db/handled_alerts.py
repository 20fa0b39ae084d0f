"""Alerts that somebody has lately acknowledged or resolved, for the lamps of their fobs."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from db import queries


def since(connection: sa.Connection, tenant_id: uuid.UUID, since: dt.datetime) -> Sequence[sa.Row[Any]]:
    """Id, state, device_name, fob and by of the newest alert of each fob, where a person has handled it since then."""
    given = {"tenant_id": tenant_id, "since": since}
    return connection.exec_driver_sql(queries.get("handled_alerts"), given).all()

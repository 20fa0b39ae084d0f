"""Which alerts are unresolved, without what stands in them: for reading one by one where one of them can't be read."""

import uuid

import sqlalchemy as sa

from db import tables
from domain import emergencies


def ids(connection: sa.Connection, tenant_id: uuid.UUID) -> list[uuid.UUID]:
    """In the order of live_reads.seen_alerts."""
    alert = tables.alert
    query = sa.select(alert.c.id).where(
        alert.c.tenant_id == tenant_id, alert.c.state != emergencies.AlertState.RESOLVED
    )
    is_open = alert.c.state == emergencies.AlertState.OPEN
    return list(connection.scalars(query.order_by(is_open.desc(), alert.c.priority.desc(), alert.c.raised_at)))

"""Figures of a tenant's day for the pages; blocking, to be called in a thread."""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from db import engine, today_reads
from domain import accounts, liveness

_RESOLVED_SHOWN = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """A tenant's day so far, by its own clock."""

    start: dt.datetime  #: local midnight
    units: Sequence[today_reads.UnitDay]
    alerts: Sequence[today_reads.AlertDay]
    visits: Sequence[today_reads.Visits]
    now: dt.datetime

    @property
    def fixes(self) -> int:
        """Of all units."""
        return sum(unit.fixes for unit in self.units)

    @property
    def distance_m(self) -> float:
        """Of all units."""
        return sum(unit.distance_m for unit in self.units)

    @property
    def median_answer_s(self) -> float | None:
        """Seconds from an alert to the first answer to it; None where none was answered."""
        answered = [alert.answer_s for alert in self.alerts if alert.answer_s is not None]
        return statistics.median(answered) if answered else None

    def state_of(self, unit: today_reads.UnitDay) -> liveness.UnitState:
        """How a unit is doing."""
        age_s = None if unit.time is None else (self.now - unit.time).total_seconds()
        return liveness.state(age_s=age_s, moving=unit.moving)


class FiguresDesk:
    """Reads for the accounts that may see them."""

    def __init__(self, web_engine: sa.Engine) -> None:
        self._engine = web_engine

    def today(self, identity: accounts.Identity, now: dt.datetime) -> Today:
        """The day so far.

        Raises:
            NotPermittedError: the role may not see figures.
        """
        identity.require(accounts.Permission.SEE_FIGURES)
        start = day_start(now, identity.time_zone)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            return Today(
                start=start,
                units=today_reads.units(connection, identity.tenant_id, since=start),
                alerts=today_reads.alerts(connection, identity.tenant_id, since=start),
                visits=today_reads.visits(connection, identity.tenant_id, since=start),
                now=now,
            )

    def resolved_alerts(self, identity: accounts.Identity, now: dt.datetime) -> list[today_reads.ResolvedAlert]:
        """What became of the alerts that were resolved in the last 24 hours.

        Raises:
            NotPermittedError: the role may not see alerts.
        """
        identity.require(accounts.Permission.SEE_LIVE)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            return today_reads.resolved_alerts(connection, identity.tenant_id, since=now - _RESOLVED_SHOWN)


def day_start(now: dt.datetime, time_zone: str) -> dt.datetime:
    """The tenant's last midnight; activity is kept by the hour, so in zones of half hours the first may miss."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)

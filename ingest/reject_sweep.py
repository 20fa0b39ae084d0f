"""Keeps the table of rejects within its bounds, while ingest runs."""

import asyncio
import datetime as dt
import logging
import time

import psycopg

from db import engine, reject_log, reject_store
from ingest import settings

logger = logging.getLogger(__name__)

_TICK_S = 5.0
_AT_LEAST_EVERY_S = 600.0
_MANY = 1_000
"""After so many new ones the table is swept at once: a device gone mad fills it faster than the clock goes."""


class RejectSweep:
    """Sweeps until it is cancelled; of several processes one at a time does."""

    def __init__(self, choice: settings.Settings) -> None:
        self._choice = choice
        self._swept_s = time.monotonic() - _AT_LEAST_EVERY_S
        self._swept_at = 0

    async def run(self) -> None:
        """Look again and again whether it is time."""
        while True:
            await asyncio.sleep(_TICK_S)
            added = reject_log.ADDED.total()
            if added - self._swept_at >= _MANY or time.monotonic() - self._swept_s >= _AT_LEAST_EVERY_S:
                self._swept_s, self._swept_at = time.monotonic(), added
                await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=self._choice.rejects_days)
        try:
            with engine.open_connection(
                self._choice.database_url, application_name="driveops sweep", limits=engine.LANE_LIMITS, autocommit=True
            ) as connection:
                dropped = reject_store.sweep(connection, before=before, most=self._choice.rejects_per_tenant)
        except psycopg.Error as error:
            logger.warning("the rejects are not swept this time: %s", str(error).strip())
            return
        if dropped:
            logger.warning("rejects dropped", extra={"dropped": dropped})

"""Presses of phones: the way of the panic lane, own thread, own connection and own transaction, committed before the answer."""

import asyncio
import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor

import psycopg
import sqlalchemy as sa

from db import device_lookup, engine
from domain import errors as domain_errors
from domain import telemetry
from ingest import errors, press_lane

logger = logging.getLogger(__name__)


class Presses:
    """Takes presses, one after the other."""

    def __init__(self, database_url: str) -> None:
        self._engine = engine.create(
            database_url, pool_size=1, application_name="driveops phones' presses", limits=engine.LANE_LIMITS
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-phone-presses")

    async def take(self, press: telemetry.Press, sender: device_lookup.Name, received_at: dt.datetime) -> None:
        """Commit a press and what follows from it; one that comes again counts once.

        Raises:
            DatabaseAwayError: it is not committed, and must come again.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._take, press, sender, received_at)

    def close(self) -> None:
        """Disconnect."""
        self._thread.shutdown(wait=False)
        self._engine.dispose()

    def _take(self, press: telemetry.Press, sender: device_lookup.Name, received_at: dt.datetime) -> None:
        try:
            device = press_lane.find_device(self._engine, sender)
            if device is not None:
                press_lane.receive(self._engine, press, device, received_at)
        except (sa.exc.SQLAlchemyError, psycopg.Error, domain_errors.DomainError) as error:
            # Whatever it is, the phone has the press still and sends it again.
            logger.error("a phone's press could not be taken: %s", type(error).__name__)  # noqa: TRY400 - no trace for people
            raise errors.DatabaseAwayError(f"a press could not be taken: {type(error).__name__}") from error

"""Messages of many requests committed together: while one transaction is under way the next ones gather."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ingest import errors
from ingest.senders import intake, store

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 200
MOST_WAITING = 250
"""Requests that wait for a commit: fewer than may be under way, so that a call for help finds a way past them."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: intake.Delivery
    fate: asyncio.Future[intake.Fate]


class Commits:
    """Commits through a store for as long as `run` runs."""

    def __init__(self, where: store.Store) -> None:
        self._store = where
        self._waiting: list[_Waiting] = []
        self._in_hand = 0
        self._arrived = asyncio.Event()

    @property
    def is_busy(self) -> bool:
        """Whether as many wait as may."""
        return self._in_hand >= MOST_WAITING

    async def take(self, delivery: intake.Delivery) -> intake.Fate:
        """Commit a message; what came of it.

        Raises:
            DatabaseAwayError: nothing is promised.
        """
        fate: asyncio.Future[intake.Fate] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(delivery, fate))
        self._arrived.set()
        self._in_hand += 1
        try:
            return await fate
        finally:
            self._in_hand -= 1

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._arrived.wait()
            group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if not self._waiting:
                self._arrived.clear()
            await self._commit(group)

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            fates = await self._store.take([each.delivery for each in group])
        except errors.DatabaseAwayError as error:
            _fail(group, str(error))
            return
        except Exception as error:
            # A supervision loop: whatever is wrong with one group must not end the way by which all others come.
            logger.exception("messages of phones could not be committed")
            _fail(group, type(error).__name__)
            return
        for each, fate in zip(group, fates, strict=True):
            if not each.fate.done():  # who has asked may be gone
                each.fate.set_result(fate)


def _fail(group: Sequence[_Waiting], reason: str) -> None:
    for each in group:
        if not each.fate.done():
            each.fate.set_exception(errors.DatabaseAwayError(reason))

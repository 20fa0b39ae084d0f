"""One thread and one connection by which what phones send is committed, and their tokens are looked up."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from db import engine, sender_queue, sender_tokens
from ingest import errors
from ingest.senders import intake

T = TypeVar("T")


class Store:
    """Blocking work on the database, one piece after the other; it connects when it is used and again after an error."""

    def __init__(self, database_url: str, *, name: str) -> None:
        self._database_url, self._name = database_url, name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name.replace(" ", "-"))
        self._connection: psycopg.Connection[Any] | None = None

    async def take(self, deliveries: Sequence[intake.Delivery]) -> list[intake.Fate]:
        """Commit messages; what came of each.

        Raises:
            DatabaseAwayError: nothing is promised; send them again.
        """
        return await self._run(lambda connection: intake.take(connection, deliveries))

    async def holder(self, token: str) -> sender_tokens.Holder | None:
        """Who holds a token.

        Raises:
            DatabaseAwayError: it can't be asked.
        """
        return await self._run(lambda connection: sender_tokens.find(connection, token))

    async def is_full(self) -> bool:
        """Whether more waits than can be written.

        Raises:
            DatabaseAwayError: it can't be asked.
        """
        return await self._run(sender_queue.is_full)

    async def close(self) -> None:
        """Finish what is in hand and disconnect."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._call, work)

    def _call(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        try:
            return work(self._connect())
        except psycopg.Error as error:
            self._disconnect()
            raise errors.DatabaseAwayError(str(error).strip() or type(error).__name__) from error

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = engine.open_connection(
                self._database_url, application_name=self._name, limits=engine.LANE_LIMITS, autocommit=True
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

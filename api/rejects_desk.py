"""Messages that could not be taken, as an administrator sees them. Blocking: call it in a thread."""

from typing import Any

import psycopg
import sqlalchemy as sa

from api import shown
from db import engine, reject_log, reject_store
from domain import accounts

Json = dict[str, Any]


class RejectsDesk:
    """Of the identity's tenant alone."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def rejects(
        self,
        identity: accounts.Identity,
        *,
        most: int,
        before: int | None = None,
        kind: reject_log.Kind | None = None,
        waiting: bool = False,
    ) -> Json:
        """Counts by kind and reason, and the newest ones or those before an id.

        Raises:
            NotPermittedError: the role may not see them.
        """
        identity.require(accounts.Permission.SEE_REJECTS)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            counts = reject_store.counts(driver)
            found = reject_store.newest(driver, most=most, before=before, kind=kind, waiting=waiting)
        return {"counts": [_count(each) for each in counts], "rejects": [_shown(each) for each in found]}


def _count(each: reject_store.Count) -> Json:
    return {
        "kind": each.kind,
        "reason": each.reason,
        "waiting": each.waiting,
        "replayed": each.replayed,
        "cut": each.cut,
        "newest": shown.instant(each.newest),
    }


def _shown(each: reject_store.Listed) -> Json:
    return {
        "id": each.id,
        "received_at": shown.instant(each.received_at),
        "device": each.device_name,
        "topic": each.topic,
        "payload": each.payload.decode("utf-8", "replace"),
        "bytes": each.bytes,
        "is_cut": each.is_cut,
        "kind": each.kind,
        "reason": each.reason,
        "replayed_at": shown.instant(each.replayed_at),
    }

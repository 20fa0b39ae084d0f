"""Who did or read what, as an administrator sees it. Blocking: call it in a thread."""

from typing import Any

import sqlalchemy as sa

from api import shown
from db import audit, engine
from domain import accounts

Json = dict[str, Any]


class AuditDesk:
    """Of the identity's tenant alone."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def newest(self, identity: accounts.Identity, *, most: int, before: int | None = None) -> list[Json]:
        """The newest lines of the book, or those before an id.

        Raises:
            NotPermittedError: the role may not see them.
        """
        identity.require(accounts.Permission.SEE_AUDIT)
        with engine.tenant_transaction(self._engine, identity.tenant_id) as connection:
            found = audit.newest(connection, identity.tenant_id, most=most, before=before)
        return [_shown(entry) for entry in found]


def _shown(entry: audit.Entry) -> Json:
    return {
        "id": entry.id,
        "at": shown.instant(entry.at),
        "actor": entry.actor,
        "account_id": None if entry.account_id is None else str(entry.account_id),
        "act": entry.act,
        "subject": entry.subject,
        "detail": entry.detail,
    }

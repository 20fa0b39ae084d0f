"""Senders whose device nobody has registered: who waits, and what a manager does about it. Blocking: call it in a thread."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from api import shown
from db import engine, quarantine
from domain import accounts

Json = dict[str, Any]


class QuarantineDesk:
    """Of the identity's tenant alone."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def waiting(self, identity: accounts.Identity, *, with_dismissed: bool = False) -> list[Json]:
        """Who waits, the newest first.

        Raises:
            NotPermittedError: the role may not manage devices.
        """
        with self._managing(identity) as connection:
            found = quarantine.waiting(connection, identity.tenant_id, with_dismissed=with_dismissed)
        return [_shown(each) for each in found]

    def adopt(
        self, identity: accounts.Identity, device: str, now: dt.datetime, *, kind: str, label: str | None
    ) -> Json:
        """Register a device that waits; its id, and how many of its messages are still among the rejects.

        Raises:
            NotPermittedError: the role may not manage devices.
            NotWaitingError: none of that name waits.
            KindError: there is no such kind.
        """
        with self._managing(identity) as connection:
            adopted = quarantine.adopt(
                connection, identity.tenant_id, device, by=identity.name, now=now, kind=kind, label=label
            )
        return {"device_id": adopted.device_id, "device": device, "kept_rejects": adopted.kept_rejects}

    def dismiss(self, identity: accounts.Identity, device: str, now: dt.datetime) -> Json:
        """Put a sender out of sight; it stays refused and counted.

        Raises:
            NotPermittedError: the role may not manage devices.
            NotWaitingError: none of that name waits.
        """
        with self._managing(identity) as connection:
            quarantine.dismiss(connection, identity.tenant_id, device, by=identity.name, now=now)
        return {"device": device, "dismissed_by": identity.name}

    def _managing(self, identity: accounts.Identity) -> Any:
        identity.require(accounts.Permission.MANAGE_DEVICES)
        return engine.tenant_transaction(self._engine, identity.tenant_id)


def _shown(each: quarantine.Waiting) -> Json:
    return {
        "device": each.device,
        "first_seen": shown.instant(each.first_seen),
        "last_seen": shown.instant(each.last_seen),
        "messages": each.messages,
        "last_topic": each.last_topic,
        "last_payload": each.last_payload.decode("utf-8", "replace"),
        "dismissed_by": each.dismissed_by,
    }

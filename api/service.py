"""What the web server's requests share: its engines, its sessions and its live picture."""

from dataclasses import dataclass

import sqlalchemy as sa

from api import desk, live_service, passwords, sessions, settings
from db import engine

_WEB_POOL = 10
_AUTH_POOL = 4


@dataclass(slots=True, kw_only=True)
class Services:
    """Made once with the application; `start` and `stop` frame its life."""

    choice: settings.Settings
    web: sa.Engine  #: transactions of one tenant (db.engine.tenant_transaction)
    auth: sa.Engine  #: the functions of schema `auth`
    sessions: sessions.Sessions
    live: live_service.LiveService

    @property
    def desk(self) -> desk.Desk:
        """What pages read and do."""
        return self.live.desk

    async def start(self) -> None:
        """Start what runs beside the requests."""
        await passwords.warm_up()
        await self.live.start()

    async def stop(self) -> None:
        """Stop it and close the connections."""
        await self.live.stop()
        self.web.dispose()
        self.auth.dispose()


def create(choice: settings.Settings) -> Services:
    """Make the services; nothing connects yet."""
    web = engine.create(
        choice.database_url, pool_size=_WEB_POOL, application_name="driveops web", limits=engine.LANE_LIMITS
    )
    auth = engine.create(
        choice.auth_database_url, pool_size=_AUTH_POOL, application_name="driveops login", limits=engine.LANE_LIMITS
    )
    found = sessions.Sessions(auth)
    live = live_service.LiveService(choice, web, found.find)
    return Services(choice=choice, web=web, auth=auth, sessions=found, live=live)

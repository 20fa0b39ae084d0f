"""What the web server's requests share: its engines, its sessions and its live picture."""

from dataclasses import dataclass

import sqlalchemy as sa

from api import desk, live_service, passwords, provisioning, sessions, settings
from db import engine

_WEB_POOL = 10
_AUTH_POOL = 4
_POOL_WAIT_S = 2.0


@dataclass(slots=True, kw_only=True)
class Services:
    """Made once with the application; `start` and `stop` frame its life."""

    choice: settings.Settings
    web: sa.Engine  #: transactions of one tenant (db.engine.tenant_transaction)
    alerts: sa.Engine  #: the same, for alerts alone: they wait for no other reader
    auth: sa.Engine  #: the functions of schema `auth`
    sessions: sessions.Sessions
    live: live_service.LiveService
    provisioning: provisioning.Provisioning

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
        for source in (self.web, self.alerts, self.auth):
            source.dispose()


def create(choice: settings.Settings) -> Services:
    """Make the services; nothing connects yet."""
    web = _engine(choice.database_url, _WEB_POOL, "driveops web")
    alerts = _engine(choice.database_url, live_service.ALERT_POOL, "driveops alerts")
    auth = _engine(choice.auth_database_url, _AUTH_POOL, "driveops login")
    found = sessions.Sessions(auth)
    live = live_service.LiveService(choice, web, alerts, found.find)
    return Services(
        choice=choice,
        web=web,
        alerts=alerts,
        auth=auth,
        sessions=found,
        live=live,
        provisioning=provisioning.Provisioning(auth, choice.broker_of_devices),
    )


def _engine(dsn: str, pool_size: int, name: str) -> sa.Engine:
    return engine.create(
        dsn, pool_size=pool_size, pool_timeout_s=_POOL_WAIT_S, application_name=name, limits=engine.LANE_LIMITS
    )

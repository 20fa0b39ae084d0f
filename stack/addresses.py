"""Where the services of a running stack are, passwords included: what other processes need to be told."""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from db import roles
from db.seed import roster
from stack import broker_config, broker_users, keys, postgres, settings

DATABASE = "driveops"
#: The demo's device that captures are replayed as; db/seed/demo.py plants it.
REPLAY = "replay"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Addresses:
    """Addresses with passwords; never to be logged, so they don't show when printed."""

    database_url: str
    ingest_database_url: str
    ingest_mqtt_url: str
    fleet_mqtt_url: str
    web_database_url: str
    auth_database_url: str
    web_mqtt_url: str
    web_port: int
    broker_port: int
    replay_password: str

    @property
    def web_url(self) -> str:
        """Where a browser finds the pages."""
        return f"http://127.0.0.1:{self.web_port}"

    def variables(self) -> dict[str, str]:
        """Return what `stack.env` holds."""
        return {
            "DATABASE_URL": self.database_url,
            "INGEST_DATABASE_URL": self.ingest_database_url,
            "INGEST_MQTT_URL": self.ingest_mqtt_url,
            "STACK_FLEET_MQTT_URL": self.fleet_mqtt_url,
            "WEB_DATABASE_URL": self.web_database_url,
            "WEB_AUTH_DATABASE_URL": self.auth_database_url,
            "WEB_MQTT_URL": self.web_mqtt_url,
            "WEB_PORT": str(self.web_port),
        }

    def gateway_toml(self, state_folder: str) -> str:
        """Return a gateway's configuration for replaying captures as the demo's device."""
        tables: dict[str, dict[str, str | int]] = {
            "gateway": {"tenant": roster.DEMO, "device": REPLAY, "state_folder": state_folder},
            "broker": {"host": "127.0.0.1", "port": self.broker_port, "password": self.replay_password},
        }
        # JSON's strings and numbers are TOML's too.
        return "".join(
            f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
            for table, values in tables.items()
        )


def own_database_url(known: keys.Keys) -> str:
    """Return the address of the private PostgreSQL's database."""
    return f"postgresql://{postgres.SUPERUSER}:{known.superuser}@127.0.0.1:{known.postgres_port}/{DATABASE}"


def of(known: keys.Keys, choice: settings.Settings) -> Addresses:
    """Work the addresses out."""
    database_url = choice.database_url or own_database_url(known)
    given = {
        roles.BACKEND: choice.ingest_database_url,
        roles.WEB: choice.web_database_url,
        roles.AUTH: choice.auth_database_url,
    }
    made = {roles.BACKEND: known.backend, roles.WEB: known.web, roles.AUTH: known.auth}
    by_role = {
        role: (given[role] if choice.database_url else None) or _as_user(database_url, role, password)
        for role, password in made.items()
    }
    return Addresses(
        database_url=database_url,
        ingest_database_url=by_role[roles.BACKEND],
        ingest_mqtt_url=_broker(known, broker_config.INGEST, known.ingest),
        fleet_mqtt_url=_broker(known, broker_config.FLEET, known.fleet),
        web_database_url=by_role[roles.WEB],
        auth_database_url=by_role[roles.AUTH],
        web_mqtt_url=_broker(known, broker_config.WEB, known.web_broker),
        web_port=known.web_port,
        broker_port=known.broker_port,
        replay_password=known.replay,
    )


def accounts(known: keys.Keys) -> dict[str, str]:
    """Return the broker's users that a stack starts with."""
    return {
        broker_config.INGEST: known.ingest,
        broker_config.WEB: known.web_broker,
        broker_config.FLEET: known.fleet,
        broker_users.device_user(roster.DEMO, REPLAY): known.replay,
    }


def _broker(known: keys.Keys, user: str, password: str) -> str:
    return f"mqtt://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{known.broker_port}"


def _as_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))

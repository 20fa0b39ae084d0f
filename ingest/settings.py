"""The settings of ingest, all from the environment (docs/configuration.md has the list)."""

import dataclasses
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.wire import broker_address
from ingest import errors, mqtt_connection

_MOST_WINDOW = 65_535
_HIGHEST_PORT = 65_535
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and who we are there."""

    address: mqtt_connection.Address
    user: str | None
    password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment may say to ingest."""

    database_url: str
    broker: Broker
    health_file: Path | None = None
    batch_messages: int = 5_000  #: a batch is full with so many messages …
    batch_bytes: int = 1024 * 1024  #: … or payloads of so many bytes …
    batch_age_s: float = 0.05  #: … or when its first message is so old
    window: int = 1_000  #: messages of one shard that the broker sends before it waits for their commit
    memory_bytes: int = 64 * 1024 * 1024  #: payloads held; beyond it nothing is read
    ack_interval_s: float = 5.0  #: the least time between two acknowledgements to one device for fixes
    live_interval_s: float = 1.0  #: tick of the live frame
    rejects_days: int = 30  #: rejects are kept so long …
    rejects_per_tenant: int = 20_000  #: … and so many of a tenant
    metrics_at: tuple[str, int] | None = None  #: where Prometheus asks; None: nowhere
    http_host: str = _LOOPBACK
    http_port: int | None = None  #: where phones' apps post to; None: nowhere
    http_trusted_proxies: tuple[str, ...] = (_LOOPBACK,)  #: addresses and networks whose X-Forwarded-For is believed

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: a value is missing or makes no sense; the message names it.
        """
        default = {setting.name: setting.default for setting in dataclasses.fields(cls)}
        return cls(
            database_url=database_url(env),
            broker=_broker("INGEST_MQTT_URL", _required(env, "INGEST_MQTT_URL"), env.get("INGEST_MQTT_CA")),
            health_file=health_file(env),
            batch_messages=_whole(env, "INGEST_BATCH_MESSAGES", default["batch_messages"], 1, 100_000),
            batch_bytes=_whole(env, "INGEST_BATCH_BYTES", default["batch_bytes"], 1024, 1 << 30),
            batch_age_s=_number(env, "INGEST_BATCH_AGE_S", default["batch_age_s"], 0.0, 0.1),
            window=_whole(env, "INGEST_WINDOW", default["window"], 1, _MOST_WINDOW),
            memory_bytes=_whole(env, "INGEST_MEMORY_BYTES", default["memory_bytes"], 1 << 20, 1 << 36),
            ack_interval_s=_number(env, "INGEST_ACK_INTERVAL_S", default["ack_interval_s"], 0.0, 30.0),
            live_interval_s=_number(env, "INGEST_LIVE_INTERVAL_S", default["live_interval_s"], 0.05, 60.0),
            rejects_days=_whole(env, "INGEST_REJECTS_DAYS", default["rejects_days"], 1, 3_650),
            rejects_per_tenant=_whole(env, "INGEST_REJECTS_PER_TENANT", default["rejects_per_tenant"], 1, 10_000_000),
            metrics_at=_listen_address(env, "INGEST_METRICS_ADDRESS"),
            http_host=env.get("INGEST_HTTP_HOST") or _LOOPBACK,
            http_port=_whole(env, "INGEST_HTTP_PORT", 0, 1, _HIGHEST_PORT) if env.get("INGEST_HTTP_PORT") else None,
            http_trusted_proxies=_networks(env, "INGEST_HTTP_TRUSTED_PROXIES") or (_LOOPBACK,),
        )


def database_url(env: Mapping[str, str]) -> str:
    """The address of the database, which the commands beside `run` need as well.

    Raises:
        SettingsError: it is missing.
    """
    return _required(env, "INGEST_DATABASE_URL")


def health_file(env: Mapping[str, str]) -> Path | None:
    """Where a running ingest writes how it is, and `ingest health` reads it."""
    value = env.get("INGEST_HEALTH_FILE")
    return Path(value) if value else None


def _listen_address(env: Mapping[str, str], name: str) -> tuple[str, int] | None:
    value = env.get(name)
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= _HIGHEST_PORT:
        raise errors.SettingsError(f"{name}={value!r} is not an address and a port, such as {_LOOPBACK}:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = [each.strip() for each in (env.get(name) or "").split(",") if each.strip()]
    try:
        return tuple(str(ipaddress.ip_network(each)) for each in given)
    except ValueError as error:
        raise errors.SettingsError(f"{name}: {error}; name addresses and networks, with commas between") from None


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise errors.SettingsError(f"{name} is not set")
    return value


def _broker(name: str, url: str, ca_file: str | None) -> Broker:
    try:
        at = broker_address.parse(url)
    except broker_address.BrokerAddressError as error:
        raise errors.SettingsError(f"{name} {error}") from None
    tls = _tls(ca_file) if at.tls else None
    return Broker(
        address=mqtt_connection.Address(host=at.host, port=at.port, tls=tls), user=at.user, password=at.password
    )


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise errors.SettingsError(f"INGEST_MQTT_CA: {ca_file}: {error.strerror or error}") from None


def _whole(env: Mapping[str, str], name: str, default: Any, low: int, high: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or not low <= int(value) <= high:
        raise errors.SettingsError(f"{name}={value!r} is not a whole number from {low} to {high}")
    return int(value)


def _number(env: Mapping[str, str], name: str, default: Any, low: float, high: float) -> float:
    value = env.get(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise errors.SettingsError(f"{name}={value!r} is not a number from {low:g} to {high:g}")
    return number

"""The settings of the web server, all from the environment (docs/configuration.md has the list)."""

import dataclasses
import ipaddress
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api import device_broker, errors, port_number
from domain.wire import broker_address

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the environment may say to the web server."""

    database_url: str = field(repr=False)  #: as role driveops_web
    auth_database_url: str = field(repr=False)  #: as role driveops_auth
    broker: Broker
    broker_of_devices: device_broker.DeviceBroker | None = None  #: None: no device gets its password here
    host: str = "127.0.0.1"
    port: int = 8050
    trusted_proxies: tuple[str, ...] = ("127.0.0.1",)  #: addresses and networks whose X-Forwarded-For is believed
    public_url: str | None = None  #: scheme, host and port as browsers see them; None: whatever they say
    map_raster_url: str | None = None  #: address of raster tiles with {z}, {x} and {y}
    map_pmtiles: Path | None = None  #: file of vector tiles
    map_attribution: str = "© OpenStreetMap contributors"
    log_level: str = "INFO"
    vendor_folder: Path = Path(sys.prefix) / "share" / "driveops-web"  #: libraries that the browser loads

    @property
    def is_https(self) -> bool:
        """Whether browsers come over TLS: cookies are Secure then."""
        return (self.public_url or "").startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: a value is missing or makes no sense; the message names it.
        """
        default: dict[str, Any] = {setting.name: setting.default for setting in dataclasses.fields(cls)}
        return cls(
            database_url=_required(env, "WEB_DATABASE_URL"),
            auth_database_url=_required(env, "WEB_AUTH_DATABASE_URL"),
            broker=_broker("WEB_MQTT_URL", _required(env, "WEB_MQTT_URL"), env.get("WEB_MQTT_CA")),
            broker_of_devices=device_broker.from_env(env),
            host=env.get("WEB_HOST") or default["host"],
            port=port_number.read(env, "WEB_PORT", default["port"]),
            trusted_proxies=_networks(env, "WEB_TRUSTED_PROXIES") or default["trusted_proxies"],
            public_url=_origin(env, "WEB_PUBLIC_URL"),
            map_raster_url=_tiles(env, "WEB_MAP_RASTER_URL"),
            map_pmtiles=_path(env, "WEB_MAP_PMTILES"),
            map_attribution=env.get("WEB_MAP_ATTRIBUTION") or default["map_attribution"],
            log_level=_log_level(env, "WEB_LOG_LEVEL"),
            vendor_folder=_path(env, "WEB_VENDOR_DIR") or default["vendor_folder"],
        )


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
    return Broker(host=at.host, port=at.port, user=at.user, password=at.password, tls=tls)


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise errors.SettingsError(f"WEB_MQTT_CA: {ca_file}: {error.strerror or error}") from None


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = [each.strip() for each in (env.get(name) or "").split(",") if each.strip()]
    try:
        return tuple(
            str(ipaddress.ip_network(each)) if "/" in each else str(ipaddress.ip_address(each)) for each in given
        )
    except ValueError as error:
        raise errors.SettingsError(f"{name}: {error}; name addresses and networks, with commas between") from None


def _origin(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if not value:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in ("", "/") or parts.query:
        raise errors.SettingsError(f"{name}={value!r} is not of the form https://fleet.example.org")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _tiles(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if not value:
        return None
    if urlsplit(value).scheme not in {"http", "https"} or any(part not in value for part in ("{z}", "{x}", "{y}")):
        raise errors.SettingsError(
            f"{name}={value!r} is not of the form https://tiles.example.org/{{z}}/{{x}}/{{y}}.png"
        )
    return value


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value) if value else None


def _log_level(env: Mapping[str, str], name: str) -> str:
    value = (env.get(name) or "INFO").upper()
    if value not in _LOG_LEVELS:
        raise errors.SettingsError(f"{name}={value!r} is none of {', '.join(_LOG_LEVELS)}")
    return value

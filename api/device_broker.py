"""Where devices find the broker: not always where this server finds it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api import errors, port_number

HOST, PORT, CA = "WEB_DEVICE_BROKER_HOST", "WEB_DEVICE_BROKER_PORT", "WEB_DEVICE_BROKER_CA"
_SYSTEM = "system"
_PLAIN_PORT, _TLS_PORT = 1_883, 8_883


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBroker:
    """What a device is told."""

    host: str
    port: int
    is_tls: bool
    ca_pem: str | None  #: None: the system's authorities


def from_env(env: Mapping[str, str]) -> DeviceBroker | None:
    """Read the settings; None where no host is named.

    Raises:
        SettingsError: a value makes no sense; the message names it.
    """
    host = env.get(HOST)
    if not host:
        return None
    ca = env.get(CA)
    port = port_number.read(env, PORT, _TLS_PORT if ca else _PLAIN_PORT)
    ca_pem = _pem(Path(ca)) if ca and ca != _SYSTEM else None
    return DeviceBroker(host=host, port=port, is_tls=bool(ca), ca_pem=ca_pem)


def _pem(file: Path) -> str:
    try:
        pem = file.read_text(encoding="ascii")
        ssl.create_default_context(cadata=pem)
    except (OSError, ValueError) as error:  # ssl.SSLError and UnicodeDecodeError are among them
        raise errors.SettingsError(f"{CA}: {file}: {error}") from None
    if "PRIVATE KEY" in pem:
        raise errors.SettingsError(f"{CA}: {file} holds a private key, which would be given to every device")
    return pem

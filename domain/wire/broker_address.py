"""A broker's address: `mqtt://user:password@host:1883`, mqtts for TLS."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from domain import errors

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerAddressError(errors.DomainError):
    """It is no address of a broker. The message does not repeat it, as it may hold a password."""

    code = "bad_broker_address"

    def __init__(self) -> None:
        super().__init__("is not of the form mqtt://user:password@host:1883 (mqtts:// for TLS)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where a broker is, and who we are there."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None = field(repr=False)


def parse(url: str) -> BrokerAddress:
    """Take an address apart.

    Raises:
        BrokerAddressError: it is none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or not parts.hostname or parts.scheme not in _PORTS or parts.path not in ("", "/"):
        raise BrokerAddressError
    return BrokerAddress(
        host=parts.hostname,
        port=port,
        tls=parts.scheme == "mqtts",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )

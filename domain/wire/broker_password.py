"""Passwords as Mosquitto keeps them: `$7$rounds$salt$digest`, PBKDF2 with SHA-512 (mosquitto_passwd's own format)."""

import base64
import hashlib
import hmac
import secrets

# mosquitto_passwd's own figures. The passwords are random and long, so more rounds would protect nothing
# and only make ten thousand devices that reconnect at once wait for each other.
_ROUNDS, _SALT_BYTES, _SCHEME = 101, 12, "7"


def new() -> str:
    """Make up a password of 192 bits, safe in an address and in a configuration file."""
    return secrets.token_urlsafe(24)


def encoded(password: str) -> str:
    """Hash a password as the broker stores it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"${_SCHEME}${_ROUNDS}${_base64(salt)}${_base64(_digest(password, salt, _ROUNDS))}"


def matches(password: str, stored: str) -> bool:
    """Compare a password with a stored hash."""
    try:
        _, scheme, rounds, salt, digest = stored.split("$")
        expected = base64.b64decode(digest)
        actual = _digest(password, base64.b64decode(salt), int(rounds))
    except ValueError:
        return False
    return scheme == _SCHEME and hmac.compare_digest(actual, expected)


def _digest(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()

"""Asking the server for a device's credentials: one request over HTTPS, by the one-time code."""

import ipaddress
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from domain.wire import topics
from gateway import errors

PATH = "/api/v1/provision"
_LIMIT_S, _MOST_BYTES = 20.0, 1 << 20
_HIGHEST_PORT = 65_535
_SERVER_ERRORS = 500
_PERHAPS_USED = (
    "the code may be used up by now, and the device's former password with it: "
    "try again, and ask for a new code if it is refused"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the server has given; it keeps no copy of the password."""

    tenant: str
    device: str
    host: str
    port: int
    is_tls: bool
    ca_pem: str | None  #: None: the system's authorities
    password: str = field(repr=False)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: the code must not reach another server, least of all without TLS."""


def endpoint(server: str, *, allow_plain: bool) -> str:
    """The address to ask.

    Raises:
        GatewayError: it is none, or the code would travel where others can read it.
    """
    try:
        parts = urllib.parse.urlsplit(server)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urllib.parse.urlsplit("")
    if parts.scheme not in {"https", "http"} or not host or parts.query or parts.fragment or not server.isascii():
        raise errors.GatewayError(f"--server: {server!r} is not of the form https://fleet.example.org")
    if parts.scheme == "http" and not allow_plain and not _is_loopback(host):
        raise errors.GatewayError(
            f"--server: {server} has no TLS, and anybody on the way could read the password; "
            "use https://, or say --insecure-http if you know the way"
        )
    return server.rstrip("/") + PATH


def ask(url: str, code: str, ca_file: Path | None) -> Credentials:
    """Use the code up.

    Raises:
        GatewayError: the server can't be reached or trusted, or refuses.
    """
    body = json.dumps({"code": code}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 (checked)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=_context(ca_file)), _NoRedirects)
    try:
        with opener.open(request, timeout=_LIMIT_S) as response:
            content = _read(response)
    except urllib.error.HTTPError as error:
        with error:
            raise errors.GatewayError(_refusal(url, error)) from None
    except urllib.error.URLError as error:  # nothing has been sent
        raise errors.GatewayError(_unreachable(url, error.reason)) from None
    except (OSError, HTTPException) as error:
        raise errors.GatewayError(f"{_unreachable(url, error)}; {_PERHAPS_USED}") from None
    try:
        return _credentials(json.loads(content))
    except (ValueError, TypeError, KeyError):
        raise errors.GatewayError(f"{url} answers something else than credentials; is it a DriveOps server?") from None


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise errors.GatewayError(f"--ca-file: {ca_file} holds no usable certificate: {error}") from None


def _read(response: HTTPResponse) -> bytes:
    content = response.read(_MOST_BYTES)
    if response.length:
        raise HTTPException("the answer breaks off")
    return content


def _credentials(answer: Any) -> Credentials:
    """Check what came, as it is written into files: ValueError, TypeError or KeyError where it is wrong."""
    broker, tls, password = answer["broker"], answer["broker"]["tls"], answer["password"]
    host, port, ca_pem = broker["host"], broker["port"], None if tls is None else tls["ca"]
    texts = [host, password] + ([] if ca_pem is None else [ca_pem])
    if (
        not all(isinstance(text, str) and text for text in texts)
        or not host.isprintable()
        or not password.isprintable()
    ):
        raise ValueError(answer)
    if not isinstance(port, int) or not 1 <= port <= _HIGHEST_PORT:
        raise ValueError(port)
    return Credentials(
        tenant=topics.require_segment(answer["tenant"]),
        device=topics.require_segment(answer["device"]),
        host=host,
        port=port,
        is_tls=tls is not None,
        ca_pem=ca_pem,
        password=password,
    )


def _refusal(url: str, error: urllib.error.HTTPError) -> str:
    try:
        told = json.loads(error.read(_MOST_BYTES))["error"]
        said, code = str(told["message"]), str(told["code"])
    except (ValueError, TypeError, KeyError, OSError, HTTPException):
        perhaps = f"; {_PERHAPS_USED}" if error.code >= _SERVER_ERRORS else ""
        return f"{url} answers {error.code}; is it a DriveOps server?{perhaps}"
    if code == "device_code_refused":
        return f"{said}; ask for a new one (python -m db device code)"
    return f"the server says: {said}"


def _unreachable(url: str, reason: str | BaseException) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{url} shows a certificate that is not trusted: {reason.verify_message}; --ca-file names its authority"
    if isinstance(reason, OSError) and reason.strerror:
        return f"cannot reach {url}: {reason.strerror}"
    return f"cannot reach {url}: {reason or type(reason).__name__}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

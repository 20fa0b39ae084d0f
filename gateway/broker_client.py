"""The MQTT client of a device, made for one connection, and one connection on trial."""

import errno
import logging
import socket
import ssl
import threading
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt import enums, packettypes, properties, reasoncodes

from gateway import configuration, link_trouble, tls

_log = logging.getLogger(__name__)


class Client(mqtt.Client):
    """Tells when its thread ends, for whatever reason: nobody else would notice."""

    def __init__(self, client_id: str) -> None:
        super().__init__(
            enums.CallbackAPIVersion.VERSION2,
            client_id,
            protocol=enums.MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self.ended = threading.Event()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> enums.MQTTErrorCode:  # noqa: FBT001, FBT002
        """Serve one connection; this is what paho's own thread runs."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        except Exception:  # noqa: BLE001 - the end of a thread: the connection is made anew
            _log.exception("the connection to the broker stumbled")
            return enums.MQTTErrorCode.MQTT_ERR_UNKNOWN
        finally:
            self.ended.set()


def new(settings: configuration.Configuration, client_id: str, secured: ssl.SSLContext | None) -> Client:
    """A client with the device's credentials."""
    client = Client(client_id)
    client.username_pw_set(f"{settings.tenant}/{settings.device}", settings.broker.password)
    if secured is not None:
        client.tls_set_context(secured)
    client.on_socket_open = _send_at_once
    return client


def open_session(client: mqtt.Client, broker: configuration.Broker, *, expiry_s: int) -> None:
    """Connect; with an expiry to the session that the broker keeps.

    Raises:
        OSError: nobody answers, TLS fails, or the host is no name.
    """
    wanted = properties.Properties(packettypes.PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    wanted.SessionExpiryInterval = expiry_s
    try:
        client.connect(
            broker.host, broker.port, keepalive=broker.keepalive_s, clean_start=expiry_s == 0, properties=wanted
        )
    except UnicodeError as error:
        raise OSError(errno.EINVAL, f"broker.host {broker.host!r} is no name of a host ({error})") from error


def probe(settings: configuration.Configuration, *, limit_s: float = 5.0) -> str | None:
    """Try the broker and the device's credentials once; what is wrong, or None."""
    answered = threading.Event()
    problem: str | None = f"the broker at {link_trouble.place(settings.broker)} does not answer"

    def on_connect(_client: mqtt.Client, _data: Any, _flags: Any, reason: reasoncodes.ReasonCode, _: Any) -> None:
        nonlocal problem
        problem = link_trouble.refused(settings, reason) if reason.is_failure else None
        answered.set()

    def on_disconnect(_client: mqtt.Client, _data: Any, _flags: Any, reason: reasoncodes.ReasonCode, _: Any) -> None:
        nonlocal problem
        if not answered.is_set():
            problem = link_trouble.hung_up(settings.broker, reason)
            answered.set()

    # A name of its own: the running gateway keeps its connection.
    client = new(settings, f"{settings.tenant}.{settings.device}.check", tls.context(settings.broker.tls))
    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    try:
        open_session(client, settings.broker, expiry_s=0)
    except OSError as error:
        return link_trouble.unreachable(settings.broker, error)
    client.loop_start()
    answered.wait(limit_s)
    client.disconnect()
    client.loop_stop()
    return problem


def _send_at_once(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    # Small messages must not wait for the answer to the one before.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

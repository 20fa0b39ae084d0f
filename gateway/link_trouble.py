"""What is wrong with the link to the broker, in words for the person who mends it."""

import socket
import ssl

from paho.mqtt import reasoncodes

from gateway import configuration

_NOT_YET_VALID = 9  # X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL


def unreachable(broker: configuration.Broker, error: OSError) -> str:
    """In words, why there is no connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        clock = "; is this box's clock right?" if error.verify_code == _NOT_YET_VALID else ""
        return f"the broker at {place(broker)} shows a certificate that is not trusted: {error.verify_message}{clock}"
    if isinstance(error, ssl.SSLError):
        return f"TLS with the broker at {place(broker)} fails: {error.reason or error}"
    if isinstance(error, ConnectionResetError) and broker.tls is not None:
        return f"the broker at {place(broker)} hangs up when TLS begins: is this its port for TLS?"
    if isinstance(error, socket.gaierror):
        return f"the broker's name {broker.host!r} cannot be resolved"
    if isinstance(error, TimeoutError):
        return f"the broker at {place(broker)} does not answer"
    return f"no broker at {place(broker)}: {error.strerror or error}"


def hung_up(broker: configuration.Broker, reason: reasoncodes.ReasonCode) -> str:
    """In words, that the broker ended the connection before it had let us in."""
    text = f"the broker at {place(broker)} closes the connection ({reason})"
    if broker.tls is None:
        return text
    if broker.tls.certificate_file is None:
        return f"{text}; perhaps it asks for a certificate of the device"
    return f"{text}; perhaps it does not take the certificate {broker.tls.certificate_file}"


def lost(settings: configuration.Configuration, reason: reasoncodes.ReasonCode) -> str:
    """In words, that a connection which stood is there no more."""
    text = f"the connection to the broker at {place(settings.broker)} is lost ({reason})"
    user = f"{settings.tenant}/{settings.device}"
    return f"{text}: another gateway connects as {user}" if is_taken_over(reason) else text


def is_taken_over(reason: reasoncodes.ReasonCode) -> bool:
    """Tell whether another client has come with our client id."""
    return str(reason) == "Session taken over"


def refused(settings: configuration.Configuration, reason: reasoncodes.ReasonCode) -> str:
    """In words, why the broker doesn't let us in."""
    user = f"{settings.tenant}/{settings.device}"
    text = f"the broker at {place(settings.broker)} refuses {user}: {reason}"
    credentials = ("Not authorized", "Bad user name or password")
    return f"{text}; the password is wrong or the device is not registered" if str(reason) in credentials else text


def place(broker: configuration.Broker) -> str:
    """Host and port."""
    return f"{broker.host}:{broker.port}"

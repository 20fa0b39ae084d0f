"""What the connection to the broker is secured with."""

import ssl

from gateway import configuration, errors


def context(settings: configuration.Tls | None) -> ssl.SSLContext | None:
    """What the connection is secured with.

    Raises:
        GatewayError: a certificate or key cannot be used.
    """
    if settings is None:
        return None
    try:
        made = ssl.create_default_context(cafile=settings.ca_file)
    except (ssl.SSLError, OSError) as error:
        raise errors.GatewayError(
            f"broker.tls.ca_file: {settings.ca_file} holds no usable certificate: {error}"
        ) from None
    if settings.certificate_file is not None:
        try:
            made.load_cert_chain(settings.certificate_file, settings.key_file, password=_no_passphrase)
        except (ssl.SSLError, OSError) as error:
            names = f"{settings.certificate_file} and {settings.key_file or 'the key in it'}"
            raise errors.GatewayError(f"broker.tls.certificate_file: {names} cannot be used: {error}") from None
    return made


def _no_passphrase() -> str:
    # Without this OpenSSL asks on the terminal, and a service has none.
    raise ssl.SSLError("the key has a passphrase, which is not supported")

"""Check the certificate that settings name, before a connection needs it."""

from legwatch.errors import SettingsError


def check_ca_file(path: str) -> None:
    """Raise SettingsError if the file of the broker's authority cannot be used; empty: no TLS."""
    if not path:
        return
    import ssl  # noqa: PLC0415 - slow to import, and only TLS needs it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        problem = f"{path} is not a certificate; name the file of the broker's authority (PEM)"
        raise SettingsError("mqtt.ca_file", problem) from None
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
        raise SettingsError("mqtt.ca_file", problem) from None

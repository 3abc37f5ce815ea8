"""Say in one sentence why there is no connection to the broker, and which key sets it.

Agent and server have the same keys, so they say the same.
"""

import socket
import ssl
from typing import Protocol

from paho.mqtt.reasoncodes import ReasonCode

from legwatch_runtime.mqtt import Account
from legwatch_runtime.secrets import why_none

PASSWORD = "LEGWATCH_MQTT_PASSWORD"  # noqa: S105 - its name
LOGIN = f"mqtt.user, {PASSWORD}"


class Broker(Account, Protocol):
    """Where the broker is, and the account there."""

    @property
    def host(self) -> str:
        """Name or address."""

    @property
    def port(self) -> int:
        """Port."""


# By the number that OpenSSL gives.
_CERTIFICATES = {
    9: "its certificate is not valid yet: is the clock of this machine right?",
    10: "its certificate has expired: is the clock of this machine right? Else renew it",
    18: "its certificate is signed by itself, and {ca} does not name it",
    19: "the authority of its certificate signs itself, and {ca} does not name it",
    20: "the authority of its certificate is unknown to {ca}",
    21: "the authority of its certificate is unknown to {ca}",
    26: "its certificate is not one for a server: make it anew, for the broker",
    62: "its certificate is for another name than mqtt.host = {host}",
    64: "its certificate is for another address than mqtt.host = {host}",
}
_REFUSED = {
    "Unsupported protocol version": "it does not speak MQTT 3.1.1",
    "Client identifier not valid": "it does not take the client id (mqtt.client_id)",
    "Keep alive timeout": "it has not answered for mqtt.keepalive_s",
    "Protocol error": "it does not speak MQTT on this port (mqtt.port)",
    "Session taken over": "another program has connected with the same client id (mqtt.client_id)",
    "Server shutting down": "it is being stopped",
    "Server unavailable": "it says that it is not available now",
}
_PLAIN = "does it speak TLS on this port? mqtt.ca_file asks for that, so check mqtt.port"
_TLS = "does this port want TLS? Then set mqtt.ca_file"


def reason(why: object, broker: Broker, *, password: bool = True) -> str:
    """Return the reason of a failure: an exception, a reason code of the broker, or a text.

    `password`: whether the program has one.
    """
    match why:
        case ssl.SSLCertVerificationError():
            return _certificate(why, broker)
        case ssl.SSLError(reason="NO_CERTIFICATE_OR_CRL_FOUND") | ssl.SSLError(reason="PEM_LIB"):
            return f"mqtt.ca_file = {broker.ca_file} is not a certificate"
        case ssl.SSLError():
            return f"it ended the TLS handshake ({why.reason or 'no reason'}): {_PLAIN}"
        case OSError():
            return _of_the_network(why, broker)
        case ReasonCode():
            return _refusal(why, broker, password=password)
    return str(why)


def _certificate(error: ssl.SSLCertVerificationError, broker: Broker) -> str:
    said = _CERTIFICATES.get(error.verify_code)
    if said is None:
        return f"its certificate is not trusted (mqtt.ca_file): {error.verify_message}"
    return said.format(ca=f"mqtt.ca_file = {broker.ca_file}", host=broker.host)


def _of_the_network(error: OSError, broker: Broker) -> str:
    at = f"{broker.host}:{broker.port}"
    match error:
        case socket.gaierror():
            return f"the name mqtt.host = {broker.host} is not found"
        case ConnectionRefusedError():
            return f"nothing listens at {at}: does the broker run (mqtt.host, mqtt.port)?"
        case TimeoutError():
            return f"{at} does not answer in time: is it on, and the way to it open (mqtt.host)?"
        case FileNotFoundError() | PermissionError() | IsADirectoryError() if broker.ca_file:
            return f"mqtt.ca_file = {broker.ca_file} cannot be read: {error.strerror}"
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():
            return f"it closed the connection: {_PLAIN if broker.ca_file else _TLS}"
    return f"there is no way to {at} (mqtt.host): {error.strerror or error}"


def _refusal(code: ReasonCode, broker: Broker, *, password: bool) -> str:
    name = str(code)
    if name in ("Not authorized", "Bad user name or password"):
        if not broker.user:
            return f"it wants a user name and a password ({LOGIN})"
        if not password:
            return f"no password was given for {broker.user!r}: {_why_none()}"
        return f"wrong user or password for {broker.user!r} ({LOGIN})"
    return _REFUSED.get(name, f"it says: {name}")


def _why_none() -> str:
    """Say why there is no password; who starts a unit's program by hand has not what it has."""
    why = why_none(PASSWORD)
    unset = why.startswith(PASSWORD)
    return f"{why} (the units set it from /etc/legwatch/mqtt-password)" if unset else why

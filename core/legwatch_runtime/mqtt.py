"""Make an MQTT client with the settings that agent and server share.

The client has no thread of its own: a part of the process calls its `loop`. A thread of the library
would end at an exception in a callback, and nobody would see it.
"""

import ssl
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from legwatch_runtime.bounded_client import BoundedClient

AClient = TypeVar("AClient", bound=mqtt.Client)


class Account(Protocol):
    """The user and the certificate for the broker: both device and server have these settings."""

    @property
    def user(self) -> str:
        """User name; empty: no user name and no password."""

    @property
    def ca_file(self) -> str:
        """File with the certificate of the broker's authority; empty: no TLS."""

    @property
    def server_name(self) -> str:
        """Name that the broker's certificate must have; empty: the host's."""


def client(
    account: Account,
    password: str,
    client_id: str,
    *,
    clean_session: bool,
    full: Callable[[], bool] = lambda: False,
) -> mqtt.Client:
    """Return a client that is not connected yet. `full`: there is no room for more messages now.

    It speaks MQTT 3.1.1, which every broker knows.
    """
    new_client = BoundedClient(
        callback_api_version=CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean_session,
        protocol=mqtt.MQTTv311,
        full=full,
    )
    return prepared(new_client, account, password)


def prepared(new_client: AClient, account: Account, password: str) -> AClient:
    """Give a new client the account, and let `publish` write only in `loop`; return the client."""
    if account.user:
        new_client.username_pw_set(account.user, password or None)
    if account.ca_file:
        new_client.tls_set_context(_context(account))
    # With a callback here, `publish` in another thread only wakes the loop, and does not write.
    new_client.on_socket_register_write = _written_by_the_loop
    return new_client


class _Named(ssl.SSLContext):
    """Wants one name in the broker's certificate, whatever address the broker has.

    A paired bedside knows its server by the authority of the house, and finds it by an address that
    the router may change.
    """

    name = ""

    def wrap_socket(self, *args: Any, **given: Any) -> ssl.SSLSocket:
        """Begin TLS, and ask for the name."""
        return super().wrap_socket(*args, **{**given, "server_hostname": self.name})


def _context(account: Account) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if account.server_name:
        context = _Named(ssl.PROTOCOL_TLS_CLIENT)
        context.name = account.server_name
    context.load_verify_locations(account.ca_file)
    return context


def hang_up(client: mqtt.Client) -> None:
    """Close the connection at once, so that the broker publishes the last will."""
    socket = client.socket()
    if socket is not None:
        socket.close()


def refuse_unknown(code: MQTTErrorCode) -> None:
    """Raise RuntimeError if the loop has ended by an exception that the library kept to itself."""
    if code == mqtt.MQTT_ERR_UNKNOWN:
        raise RuntimeError("the connection to the broker failed for a reason that nobody knows")


def _written_by_the_loop(*_: object) -> None:
    """Do nothing: the loop sees by itself that there is something to write."""

"""A client of the broker, set up as every part of legwatch needs it."""

import ssl
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


class Account(Protocol):
    """What the settings of device and server say alike of the broker."""

    @property
    def user(self) -> str:
        """User name; empty: none."""

    @property
    def ca_file(self) -> str:
        """Certificate of the broker's authority; empty: no TLS."""


def client(
    account: Account,
    password: str,
    client_id: str,
    *,
    clean_session: bool,
    manual_ack: bool = False,
) -> mqtt.Client:
    """Return a client of MQTT 3.1.1 that is not connected yet.

    `manual_ack`: the caller acknowledges each message itself, once the message is stored.
    """
    made = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean_session,
        protocol=mqtt.MQTTv311,
        manual_ack=manual_ack,
    )
    if account.user:
        made.username_pw_set(account.user, password or None)
    if account.ca_file:
        made.tls_set(account.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    return made

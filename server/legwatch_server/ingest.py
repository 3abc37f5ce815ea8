"""The server's connection to the broker. Its callbacks only put into the owner's queue.

A message is acknowledged to the broker after its commit, never before, so a crash in between makes
the broker send it again. Acknowledgements of an earlier connection are dropped: their numbers may
by then mean other messages, and the broker sends the unacknowledged again anyway.
"""

import logging
import queue
import ssl
import time
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from legwatch.topics import ROOT
from legwatch_server.answer import Answered
from legwatch_server.settings import Mqtt

logger = logging.getLogger(__name__)

CHANNELS = ("window", "event")


class Message(NamedTuple):
    """One message as it came."""

    topic: str
    payload: bytes
    arrived_ms: int
    mid: int
    connection: int


class Connected(NamedTuple):
    """The broker is there (again)."""

    connection: int


Arrival = Message | Connected | Answered


class Ingest:
    """Subscribes on every connect, with a session that the broker keeps while we are away."""

    def __init__(
        self, settings: Mqtt, password: str, arrivals: "queue.SimpleQueue[Arrival | None]"
    ) -> None:
        self._settings, self._arrivals = settings, arrivals
        self._connection = 0
        self._failing = False
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        if settings.user:
            client.username_pw_set(settings.user, password or None)
        if settings.ca_file:
            client.tls_set(settings.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.reconnect_delay_set(1, 30)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def start(self) -> None:
        """Begin to connect; goes on trying by itself."""
        where = self._settings
        self._client.connect_async(where.host, where.port, where.keepalive_s)
        self._client.loop_start()

    def connected(self) -> bool:
        """Say whether the broker is there."""
        return bool(self._client.is_connected())

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the broker that these are committed."""
        for message in messages:
            if message.mid and message.connection == self._connection:
                self._client.ack(message.mid, 1)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish; without a connection, QoS 1 waits in memory and QoS 0 is dropped."""
        if qos or self._client.is_connected():
            self._client.publish(topic, payload, qos=qos, retain=retain)

    def stop(self) -> None:
        """End the connection."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._complain(code)
            return
        if self._failing:
            logger.info("the broker is back")
        self._failing = False
        self._connection += 1
        client.subscribe([(f"{ROOT}/+/{channel}", 1) for channel in CHANNELS])
        self._arrivals.put(Connected(self._connection))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._complain(code)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "?"
        now_ms = time.time_ns() // 1_000_000
        self._arrivals.put(
            Message(
                topic,
                bytes(message.payload),
                now_ms,
                message.mid if message.qos else 0,
                self._connection,
            )
        )

    def _complain(self, why: object) -> None:
        level = logging.DEBUG if self._failing else logging.WARNING
        where = f"{self._settings.host}:{self._settings.port}"
        logger.log(level, "no broker at %s (%s); trying again", where, why)
        self._failing = True

"""The agent's connection to the broker. Its callbacks only put into the agent's queue.

Every connection is a new paho client: what was under way on the old one is sent again from the
spool, so paho's own memory must not send it a second time.
"""

import json
import logging
import queue
import random
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt

from legwatch.contract.bedside_command import Command, decode_command
from legwatch.contract.confirmation import Stored, decode_stored
from legwatch.contract.topics import Channel, topic
from legwatch.errors import WireError
from legwatch_device.settings import MqttTable
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.mqtt import client as mqtt_client

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
IN_FLIGHT = 200
LOOK_S = 0.25  # how often it is seen whether the broker has taken an event


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker is there, on connection number `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class PubAck:
    """The broker has acknowledged this event."""

    payload: bytes


LinkEvent = LinkUp | Stored | PubAck | Command


class _Event(NamedTuple):
    """An event on its way, and the connection on which it travels."""

    payload: bytes
    info: mqtt.MQTTMessageInfo
    client: mqtt.Client


class BrokerLink:
    """Keeps a connection up in a thread of its own, with backoff and jitter."""

    def __init__(
        self, bed: str, settings: MqttTable, password: str, said: "queue.Queue[Any]"
    ) -> None:
        self._bed, self._settings, self._password, self._said = bed, settings, password, said
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._client: mqtt.Client | None = None
        self._number = 0
        self._open = False
        self._failing = False
        self._events: deque[_Event] = deque()
        self._thread = threading.Thread(target=self._keep, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def open(self) -> None:
        """Let messages through: the agent has taken note of the new connection."""
        self._open = True

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Publish with QoS 1; False when there is no connection."""
        client = self._client
        if client is None or not self._open or not client.is_connected():
            return False
        sent = client.publish(topic(self._bed, channel), payload, qos=1, retain=retain)
        if channel is Channel.EVENT:
            self._events.append(_Event(payload, sent, client))
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        """Say `offline` and end, within about a second."""
        client = self._client
        if client is not None and client.is_connected():
            last = client.publish(topic(self._bed, Channel.STATUS), b"offline", qos=1, retain=True)
            try:
                last.wait_for_publish(timeout=0.5)
            except (RuntimeError, ValueError):
                logger.debug("offline could not be said; the last will does")
        self._stop.set()
        self._lost.set()
        self._thread.join(timeout=1.0)

    def _keep(self) -> None:
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._stop.is_set():
            self._lost.clear()
            self._open = False
            number = self._number
            client = self._make()
            try:
                client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
            except (OSError, ValueError) as error:
                self._complain(error)
            else:
                self._client = client
                client.loop_start()
                while not self._lost.wait(LOOK_S):
                    self._check_acks(client)
                client.disconnect()
                client.loop_stop()
                self._client = None
            if self._number != number:  # it had worked: begin with short waits again
                backoff.reset()
            self._stop.wait(backoff.next_s() * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not secrecy

    def _make(self) -> mqtt.Client:
        client = mqtt_client(
            self._settings, self._password, f"legwatch-agent-{self._bed}", clean_session=True
        )
        client.connect_timeout = 5.0
        client.max_inflight_messages_set(IN_FLIGHT)
        client.will_set(topic(self._bed, Channel.STATUS), b"offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._complain(code)
            self._lost.set()
            return
        if self._failing:
            logger.info("the broker is back")
        self._failing = False
        client.subscribe([(topic(self._bed, c), 1) for c in (Channel.STORED, Channel.CMD)])
        self._number += 1
        self._said.put(LinkUp(self._number))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if not self._stop.is_set():
            self._complain(code)
        self._lost.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            self._said.put(self._decoded(message))
        except WireError as error:
            logger.warning("%s: %s", message.topic, error)

    def _decoded(self, message: mqtt.MQTTMessage) -> LinkEvent:
        if message.topic != topic(self._bed, Channel.CMD):
            return decode_stored(message.payload)
        if message.retain:
            raise WireError("a retained command is of an unknown age and is not obeyed")
        return decode_command(message.payload)

    def _check_acks(self, client: mqtt.Client) -> None:
        """Say which events the broker has taken.

        paho's callback would say it too, but with a number that may not be known here yet; and it
        holds a lock then which `publish` needs.
        """
        for _ in range(len(self._events)):
            event = self._events.popleft()
            if event.client is not client or event.info.rc != mqtt.MQTT_ERR_SUCCESS:
                continue  # it is sent again on this connection
            if event.info.is_published():
                self._said.put(PubAck(event.payload))
            else:
                self._events.append(event)

    def _complain(self, why: object) -> None:
        level = logging.DEBUG if self._failing else logging.WARNING
        where = f"{self._settings.host}:{self._settings.port}"
        logger.log(level, "no broker at %s (%s); windows are kept and sent later", where, why)
        self._failing = True


def info(facts: dict[str, Any]) -> bytes:
    """Return the payload of `info`."""
    return json.dumps({"v": 1, **facts}, separators=(",", ":")).encode()

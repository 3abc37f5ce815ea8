"""The agent's connection to the broker. Its callbacks only put messages into the agent's queue.

Every connection uses a new paho client. The agent sends unconfirmed messages again from the spool;
an old client would send the messages in its memory a second time.
"""

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
from legwatch_runtime.broker_story import BrokerStory
from legwatch_runtime.mqtt import client as mqtt_client
from legwatch_runtime.mqtt import hang_up, refuse_unknown
from legwatch_runtime.part import Parts

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
IN_FLIGHT = 200
MOST_WAITING = 1000  # messages that the agent has not looked at; no more are received meanwhile
READ = (Channel.STORED, Channel.CMD, Channel.RULES)
LOOK_S = 0.25  # time between two checks for acknowledgements of events
WITHIN_S = 600.0  # to look up a name and to connect can take long


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A connection to the broker is up; the first connection has the number 1."""

    number: int


@dataclass(frozen=True, slots=True)
class PubAck:
    """The broker has acknowledged this event."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class RulesGiven:
    """A message `rules`, which may be an old one; empty: nobody watches this bed now."""

    payload: bytes


LinkEvent = LinkUp | Stored | PubAck | Command | RulesGiven


class _Event(NamedTuple):
    """An event that was sent, and the connection on which it was sent."""

    payload: bytes
    info: mqtt.MQTTMessageInfo
    client: mqtt.Client


class BrokerLink:
    """Connects again and again in a thread of its own, with backoff and jitter."""

    def __init__(
        self,
        bed: str,
        settings: MqttTable,
        password: str,
        said: "queue.Queue[Any]",
        parts: Parts | None = None,
    ) -> None:
        self._bed, self._settings, self._password, self._items = bed, settings, password, said
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._client: mqtt.Client | None = None
        self._number = 0
        self._open = False
        who = f"another agent with bed = {bed}"
        who += f" or mqtt.user = {settings.user}" if settings.user else ""
        if settings.user not in ("", bed):
            who += f", or the broker gives {settings.user} no topics of {bed}"
        meanwhile = "the agent keeps the windows and sends them later"
        self._story = BrokerStory(settings, meanwhile, who, password=bool(password))
        self._events: deque[_Event] = deque()
        self._part = (parts or Parts()).add("link", self._connect_forever, within_s=WITHIN_S)

    def start(self) -> None:
        """Start the thread that connects."""
        self._part.start()

    def open(self) -> None:
        """Allow sending: the agent has handled the new connection."""
        self._open = True

    def connected(self) -> bool:
        """Return True while what is sent goes to the broker."""
        client = self._client
        return client is not None and self._open and client.is_connected()

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Publish with QoS 1; False without a connection."""
        client = self._client
        if client is None or not self.connected():
            return False
        sent = client.publish(topic(self._bed, channel), payload, qos=1, retain=retain)
        if channel is Channel.EVENT:
            self._events.append(_Event(payload, sent, client))
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def stop(self) -> None:
        """Publish `offline` and stop the thread; this takes up to 1.5 s."""
        client = self._client
        if client is not None and client.is_connected():
            last = client.publish(topic(self._bed, Channel.STATUS), b"offline", qos=1, retain=True)
            try:
                last.wait_for_publish(timeout=0.5)
            except (RuntimeError, ValueError):
                logger.debug("`offline` was not sent; the broker sends the last will instead")
        self._stop.set()
        self._lost.set()
        self._part.join(1.0)

    def _connect_forever(self) -> None:
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._stop.is_set():
            self._lost.clear()
            self._open = False
            number = self._number
            self._story.trying()
            try:  # the file of the authority's certificate may be away, too
                client = self._new_client()
                client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
            except (OSError, ValueError) as error:
                self._story.failed(error)
            else:
                self._serve(client)
            if self._number != number:  # the connection was up: start with short waits again
                backoff.reset()
            self._part.turned()
            self._stop.wait(backoff.next_s() * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not secrecy

    def _serve(self, client: mqtt.Client) -> None:
        """Send and receive until the connection is lost, or until a stop."""
        self._client = client
        try:
            code = mqtt.MQTT_ERR_SUCCESS
            while not self._lost.is_set() and code == mqtt.MQTT_ERR_SUCCESS:
                code = client.loop(LOOK_S)
                self._check_acks(client)
                self._part.turned()
            refuse_unknown(code)
            client.disconnect()
            client.loop(0.0)  # writes the last word
        finally:
            self._client = None
            hang_up(client)

    def _new_client(self) -> mqtt.Client:
        client = mqtt_client(
            self._settings,
            self._password,
            f"legwatch-agent-{self._bed}",
            clean_session=True,
            full=lambda: self._items.qsize() >= MOST_WAITING,
        )
        client.connect_timeout = 5.0
        client.max_inflight_messages_set(IN_FLIGHT)
        client.will_set(topic(self._bed, Channel.STATUS), b"offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if code.is_failure:
            self._story.failed(code)
            self._lost.set()
            return
        self._story.up()
        client.subscribe([(topic(self._bed, channel), 1) for channel in READ])
        self._number += 1
        self._items.put(LinkUp(self._number))

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[Any], _properties: object
    ) -> None:
        refused = [c for c, code in zip(READ, codes, strict=False) if code.is_failure]
        if refused == [Channel.RULES]:  # a broker whose rights are older
            logger.warning(
                "the broker gives this bed no topic `rules`: add it to its acl, so that the bedside"
                " has the limits of the bed while the server is silent"
            )
        elif refused:
            self._story.failed(
                f"it refuses the subscriptions: the user of bed {self._bed} is {self._bed}"
                f" (mqtt.user = {self._settings.user or 'none'})"
            )

    def _on_disconnect(
        self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object
    ) -> None:
        if not self._stop.is_set():
            self._story.lost(code)
        self._lost.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if not message.payload and message.topic == topic(self._bed, Channel.STORED):
            return  # the server has taken back what the broker kept: this bed is out of use
        try:
            self._items.put(self._decoded(message))
        except WireError as error:
            logger.warning("%s: %s", message.topic, error)

    def _decoded(self, message: mqtt.MQTTMessage) -> LinkEvent:
        if message.topic == topic(self._bed, Channel.RULES):
            return RulesGiven(bytes(message.payload))
        if message.topic != topic(self._bed, Channel.CMD):
            return decode_stored(message.payload)
        if message.retain:
            raise WireError("a retained command is ignored: its age is unknown")
        return decode_command(message.payload)

    def _check_acks(self, client: mqtt.Client) -> None:
        """Report the events that the broker has acknowledged.

        This does not use paho's callback: the callback can come before `publish` has returned the
        number of the message, and it holds a lock that `publish` needs.
        """
        for _ in range(len(self._events)):
            event = self._events.popleft()
            if event.client is not client or event.info.rc != mqtt.MQTT_ERR_SUCCESS:
                continue  # the agent sends the event again on this connection
            if event.info.is_published():
                self._items.put(PubAck(event.payload))
            else:
                self._events.append(event)
